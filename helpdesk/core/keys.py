"""API keys: issue, change, renew, revoke. Admins alone, and each deed is an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .errors import NotAllowed
from .events import record
from .models import ApiKey, User, Webhook
from .models.access import SCOPES


def may_keep(user: object) -> bool:
    """Whether somebody may make and revoke keys: a key can be made to see everything."""
    return isinstance(user, User) and user.role == User.Role.ADMIN


def issue(*, name: str, scopes: list[str], days: int, per_minute: int | None, by: User, queues: Sequence[UUID] = ()) -> tuple[ApiKey, str]:
    """A key and its secret, which cannot be read again. `days`: until it expires, 0 for never. `queues`: the teams that it is
    limited to, none for no limit. Raises NotAllowed, LookupError."""
    _check(by, scopes)
    with transaction.atomic():
        given = {"expires_at": _end(days), "rate_limit_per_minute": per_minute, "created_by": by, "queues": list(queues)}
        key, secret = ApiKey.issue(name, scopes=scopes, **given)
        record("key.issued", subject=key, by=by, name=name, scopes=scopes)
    return key, secret


def change(key: ApiKey, *, name: str, scopes: list[str], per_minute: int | None, by: User, queues: Sequence[UUID] = ()) -> None:
    """What it opens from now on. The webhooks that it made hear of the same teams."""
    _check(by, scopes)
    with transaction.atomic():
        key.name, key.scopes, key.rate_limit_per_minute, key.queues = name, scopes, per_minute, list(queues)
        key.save(update_fields=["name", "scopes", "rate_limit_per_minute", "queues"])
        Webhook.objects.filter(key=key).update(queues=key.queues)
        record("key.changed", subject=key, by=by, name=name, scopes=scopes)


def renew(key: ApiKey, *, days: int, by: User) -> str:
    """A new secret, shown once, and a new life; the old secret opens for another day."""
    _check(by, [])
    secret = key.new_secret()
    with transaction.atomic():
        key.expires_at = _end(days)
        key.save(update_fields=["prefix", "key_hash", "previous_hash", "previous_until", "expires_at"])
        record("key.renewed", subject=key, by=by, name=key.name)
    return secret


def revoke(key: ApiKey, *, by: User) -> None:
    """At once, and for good. The webhooks that the key made are switched off: their receiver is no partner any more."""
    _check(by, [])
    with transaction.atomic():
        key.revoked_at = timezone.now()
        key.previous_hash = key.previous_until = None
        key.save(update_fields=["revoked_at", "previous_hash", "previous_until"])
        Webhook.objects.on().filter(key=key).update(is_active=False, switched_off_because=_("The key that made it was revoked."))
        record("key.revoked", subject=key, by=by, name=key.name)


def _check(by: User, scopes: list[str]) -> None:
    if not may_keep(by):
        raise NotAllowed(_("Only admins keep the API keys."))
    if unknown := set(scopes) - set(SCOPES):
        raise LookupError(f"no such scope: {sorted(unknown)}")


def _end(days: int) -> datetime | None:
    return timezone.now() + timedelta(days=days) if days else None
