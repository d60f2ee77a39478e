"""Make, change and remove webhooks. Whoever makes one hears through it of no more than they may read."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core import http
from helpdesk.core.errors import HelpdeskError, Invalid, NotAllowed
from helpdesk.core.events import record
from helpdesk.core.models import ApiKey, User, Webhook
from helpdesk.core.models.access import ALL_SCOPES, RESOURCES
from helpdesk.partners import feed

MOST = 50  # webhooks: each event is written down once for each


def create(*, name: str, url: str, kinds: list[str], by: User | ApiKey) -> tuple[Webhook, str]:
    """A webhook and its secret, which cannot be read again. Raises Invalid, NotAllowed, http.AddressRefused."""
    if isinstance(by, User) and not by.oversees:
        raise NotAllowed(_("Only supervisors and admins set up webhooks."))
    if Webhook.objects.count() >= MOST:
        raise Invalid(_("There are %(most)d webhooks already. Remove one first.") % {"most": MOST})
    check_url(url)
    queues = by.queues if isinstance(by, ApiKey) else []
    webhook = Webhook(name=name, url=url, kinds=_checked(kinds, by), scopes=_scopes(by), queues=queues, **_maker(by))
    secret = webhook.new_secret()
    with transaction.atomic():
        webhook.save()
        record("webhook.created", subject=webhook, by=by, name=name, url=url)
    return webhook, secret


def change(webhook: Webhook, *, by: User | ApiKey, **wanted: Any) -> None:
    """`name`, `url`, `kinds`, `is_active`. Switched on again it begins anew: what it failed before is forgiven, what waits goes out."""
    if "url" in wanted and wanted["url"] != webhook.url:
        check_url(wanted["url"])
    if "kinds" in wanted:
        wanted["kinds"] = _checked(wanted["kinds"], by)
    if wanted.get("is_active") and not webhook.is_active:
        wanted |= {"failures": 0, "failing_since": None, "paused_until": None, "switched_off_because": "", "last_error": ""}
    for name, value in wanted.items():
        setattr(webhook, name, value)
    with transaction.atomic():
        webhook.updated_at = timezone.now()
        webhook.save(update_fields=[*wanted, "updated_at"])
        record("webhook.changed", subject=webhook, by=by, name=webhook.name, url=webhook.url)


def renew_secret(webhook: Webhook, *, by: User | ApiKey) -> str:
    """A new secret, shown once. The old one signs beside it for a day."""
    secret = webhook.new_secret()
    with transaction.atomic():
        webhook.updated_at = timezone.now()
        webhook.save(update_fields=["secrets", "secret_start", "updated_at"])
        record("webhook.changed", subject=webhook, by=by, name=webhook.name, reason="secret")
    return secret


def remove(webhook: Webhook, *, by: User | ApiKey) -> None:
    """With its log."""
    with transaction.atomic():
        record("webhook.removed", subject=webhook, by=by, name=webhook.name, url=webhook.url)
        webhook.delete()


def check_url(url: str) -> None:
    """Raises Invalid for an address that is never reached from here. A name that nobody knows yet may stand: each delivery looks again."""
    try:
        http.check_address(url)
    except http.AddressRefused as refused:
        raise Invalid(refused.detail, errors={"url": [refused.detail]}) from refused
    except HelpdeskError:
        return


def _checked(kinds: list[str], by: User | ApiKey) -> list[str]:
    allowed = set(feed.readable(by))
    if unknown := sorted(set(kinds) - allowed):
        said = _("There is no kind of event “%(kind)s” that you may read.") % {"kind": unknown[0][:60]}
        raise Invalid(said, errors={"kinds": [said]})
    return sorted(set(kinds))


def _scopes(by: User | ApiKey) -> list[str]:
    """The scopes of a key that may not do everything; [] for no limit."""
    if isinstance(by, User) or (by.allows(ALL_SCOPES) and by.oversees):
        return []
    return [scope for resource in RESOURCES if by.allows(scope := f"{resource}:read")] or ["none"]


def _maker(by: User | ApiKey) -> dict[str, Any]:
    return {"created_by": by} if isinstance(by, User) else {"key": by}
