"""Whether a colleague takes work now: said by themselves, or "away" by itself once no console of theirs has been open for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from helpdesk.core.errors import Invalid
from helpdesk.core.events import record
from helpdesk.core.models import User

SEEN_EVERY = timedelta(seconds=50)
AWAY_AFTER = timedelta(minutes=15)
MOST_AT_ONCE = 500


def choose(user: User, state: str, *, by: User | None, auto: bool = False) -> bool:
    """Set the state; False when it is so already. Raises Invalid for a state that does not exist."""
    if state not in User.Availability.values:
        raise Invalid(f"{state!r} is not a state")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        old = user.availability
        User.objects.filter(pk=user.pk).update(availability=state, is_auto_away=auto)
        if old != state:
            reason = "auto" if auto or by is None else ""
            record("agent.availability_changed", subject=user, by=by, audience=[f"agent.{user.pk}"], old=old, new=state, reason=reason)
    return old != state


def seen(user: User) -> None:
    """A console of theirs is open. Whoever was sent away by itself is back."""
    now = timezone.now()
    stale = User.objects.filter(pk=user.pk).filter(Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=now - SEEN_EVERY))
    stale.update(last_seen_at=now)
    if User.objects.filter(pk=user.pk, is_auto_away=True).exists():
        choose(user, User.Availability.AVAILABLE, by=None)


def send_away(now: datetime | None = None) -> int:
    """Everybody who says "available" and has had no console open for a quarter of an hour; returns how many."""
    silent = (now or timezone.now()) - AWAY_AFTER
    gone = User.objects.filter(is_active=True, availability=User.Availability.AVAILABLE, date_joined__lt=silent)
    rows = list(gone.filter(Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=silent))[:MOST_AT_ONCE])
    return sum(choose(user, User.Availability.AWAY, by=None, auto=True) for user in rows)
