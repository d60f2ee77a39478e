"""The figures by mail: yesterday's every morning, or the last seven days on Mondays, to whoever asked. Once, however often it runs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import override

from helpdesk.backoffice.metrics import board
from helpdesk.backoffice.metrics.scope import Scope, zone
from helpdesk.core.accounts.links import absolute
from helpdesk.core.models import User
from helpdesk.models import ReportSubscription
from tickets.delivery import has_server

FROM_HOUR = 7  # of the company's morning
Often = ReportSubscription.Often


def send_due() -> int:
    """How many were sent. Nothing before the morning, without a mail server, or for a day that was reported."""
    now = _now()
    if now.hour < FROM_HOUR or not has_server():
        return 0
    yesterday = now.date() - timedelta(days=1)
    wanted = [Often.DAILY, *([Often.WEEKLY] if now.weekday() == 0 else [])]
    waiting = ReportSubscription.objects.filter(often__in=wanted).exclude(sent_for=yesterday)
    return sum(_send(pk, yesterday) for pk in waiting.values_list("pk", flat=True))


def _now() -> datetime:
    return timezone.localtime(timezone=zone())


def _send(pk: UUID, day: date) -> bool:
    """Noted and sent under one lock: two workers send one mail; one that cannot be sent is tried in ten minutes."""
    with transaction.atomic():
        mine = ReportSubscription.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
        found = mine.filter(Q(sent_for=None) | ~Q(sent_for=day), pk=pk).first()
        if found is None or not found.user.is_active or not found.user.oversees:
            return False
        ReportSubscription.objects.filter(pk=pk).update(sent_for=day)
        subject, text = write(found.user, found.often, day)
        send_mail(subject, text, None, [found.user.email])
    return True


def write(user: User, often: str, day: date) -> tuple[str, str]:
    """Subject and text of a report that ends with `day`, in the reader's language."""
    days = 7 if often == Often.WEEKLY else 1
    scope = Scope(day - timedelta(days=days - 1), day)
    with override(user.language or None):
        found = board.read(scope)
        said = date_format(day, "j F Y")
        subject = _("Support in the week to %(day)s") % {"day": said} if days > 1 else _("Support on %(day)s") % {"day": said}
        link = f"{absolute(reverse('dashboard'))}?{urlencode(scope.query)}"
        return subject, render_to_string("dashboard/report.txt", {"board": found, "scope": scope, "link": link, "subject": subject})
