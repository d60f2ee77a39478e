"""What is due by mail: one mail a person, however much came together. What was read meanwhile is left out."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpdesk.core.models import User
from tickets.models import Notice

from . import reading

log = logging.getLogger(__name__)

TOO_OLD = timedelta(days=3)  # there was no mail server: nobody wants a heap of what is long past
AGAIN = timedelta(minutes=10)
MOST_LINES = 50


def mail_due() -> int:
    """Mail everybody for whom something is due; returns how many mails. Two workers never mail the same person at once."""
    waiting = Notice.objects.filter(mail_due_at__lte=timezone.now(), mailed_at__isnull=True)
    waiting.filter(read_at__isnull=False).update(mail_due_at=None)
    if not settings.EMAIL_URL:
        waiting.filter(at__lt=timezone.now() - TOO_OLD).update(mail_due_at=None)
        return 0
    people = list(waiting.order_by().values_list("user_id", flat=True).distinct()[:200])
    return sum(_mail(User.objects.get(pk=pk)) for pk in people)


def _mail(user: User) -> bool:
    with transaction.atomic():
        due = Notice.objects.select_for_update(skip_locked=True).filter(user=user, mail_due_at__lte=timezone.now(), mailed_at__isnull=True)
        ids = list(due.order_by("id").values_list("pk", flat=True))
        shown = reading.notices_of(user).filter(pk__in=ids).select_related("ticket__customer", "ticket__queue", "ticket__assignee", "actor")
        lines = reading.bundled(shown.order_by("-id"))
        if lines and user.is_active:
            try:
                _compose(user, lines).send()
            except OSError as error:  # smtplib's errors are OSErrors too
                log.warning("notices_not_mailed", extra={"user": str(user.pk), "reason": repr(error)})
                Notice.objects.filter(pk__in=ids).update(mail_due_at=timezone.now() + AGAIN)
                return False
        Notice.objects.filter(pk__in=ids).update(mailed_at=timezone.now())
    return bool(lines)


def _compose(user: User, lines: list[reading.Line]) -> EmailMessage:
    with translation.override(user.language or "en"):
        first = lines[0]
        if len(lines) == 1:
            subject = f"{first.notice.ticket.number}: {first.text}" if first.notice.ticket else first.text
        else:
            subject = ngettext("%(n)d thing for you", "%(n)d things for you", len(lines)) % {"n": len(lines)}
        rows = [(line, settings.SITE_URL + reading.address(line.notice)) for line in lines[:MOST_LINES]]
        context = {"user": user, "rows": rows, "more": max(0, len(lines) - MOST_LINES), "site": settings.SITE_URL}
        text = render_to_string("tickets/notices/mail.txt", context)
        return EmailMessage(" ".join(subject.split())[:150] or _("For you"), text, to=[user.email])
