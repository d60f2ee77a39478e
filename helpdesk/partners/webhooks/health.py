"""How an address has been answering: rests that grow while it fails, and the end when it fails for three days or says that it is gone."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.events import record
from helpdesk.core.models import User, Webhook

if TYPE_CHECKING:
    from .sending import Outcome

log = logging.getLogger(__name__)

PATIENCE = timedelta(days=3)
RESTS_AFTER = 5  # failures one after the other
SHORTEST_REST, LONGEST_REST = timedelta(seconds=10), timedelta(hours=1)
GONE = 410


def note(webhook: Webhook, outcomes: list[Outcome]) -> bool:
    """Count what just happened; whether it may be asked again at once."""
    failed = [one for one in outcomes if not one.good]
    if not failed:
        answered = {"failures": 0, "failing_since": None, "paused_until": None, "last_error": "", "last_success_at": timezone.now()}
        Webhook.objects.filter(pk=webhook.pk).update(**answered)
        return True
    why = (failed[-1].error or f"HTTP {failed[-1].status}")[:300]
    now, well = timezone.now(), len(failed) < len(outcomes)
    failures = (0 if well else webhook.failures) + len(failed)
    since = now if well else webhook.failing_since or now
    rest = max(_rest(failures), timedelta(seconds=max(one.wait or 0 for one in failed)))
    states = {"failures": failures, "failing_since": since, "paused_until": now + rest if rest else None, "last_error": why}
    Webhook.objects.filter(pk=webhook.pk).update(**states)
    if any(one.status == GONE for one in failed):
        switch_off(webhook, _("It answered “410 Gone”."))
    elif now - since >= PATIENCE:
        switch_off(webhook, _("It has not taken anything for three days. The last error: %(why)s") % {"why": why})
    return not rest


def switch_off(webhook: Webhook, reason: str) -> None:
    """By us, with a word to whoever made it, else to the admins. What waits stays, and goes out when it is switched on again."""
    with transaction.atomic():
        if not Webhook.objects.on().filter(pk=webhook.pk).update(is_active=False, switched_off_because=reason[:300]):
            return
        record("webhook.switched_off", subject=webhook, name=webhook.name, url=webhook.url, reason=reason)
        transaction.on_commit(lambda: _tell(webhook, reason))


def _rest(failures: int) -> timedelta:
    """10 s after the fifth failure, then twice as long each time, an hour at the most."""
    over = failures - RESTS_AFTER
    return timedelta() if over < 0 else min(SHORTEST_REST * 2 ** min(over, 10), LONGEST_REST)


def _tell(webhook: Webhook, reason: str) -> None:
    if not settings.EMAIL_URL:
        return  # the list of webhooks says it too
    maker = webhook.created_by if webhook.created_by and webhook.created_by.is_active else None
    admins = User.objects.filter(role=User.Role.ADMIN, is_active=True)
    to = [maker.email] if maker else list(admins.values_list("email", flat=True))
    text = _("We no longer send events to “%(name)s” (%(url)s).\n\n%(reason)s\n\nSwitch it on again here: %(link)s\n") % {
        "name": webhook.name,
        "url": webhook.url,
        "reason": reason,
        "link": f"{settings.SITE_URL}/settings/webhooks/{webhook.pk}/",
    }
    try:
        for address in to:
            EmailMessage(_("Webhook switched off: %(name)s") % {"name": webhook.name}, text, to=[address]).send()
    except (SMTPException, OSError):
        log.warning("webhook_notice_not_sent", extra={"webhook": str(webhook.pk)}, exc_info=True)
