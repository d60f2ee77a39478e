"""Tickets that were solved without a mail are asked about later, once: a line, and the links of `tickets.rating`.

Triage planned the day (`assist/triage/follow_up.py`). Off with SATISFACTION_ASK=0, and never without a mail server.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.limits import spend
from helpdesk.core.models import Event
from tickets import delivery
from tickets.channels.rendering import reply_html
from tickets.channels.threading import message_id as id_of_our_mail
from tickets.channels.threading import reply_token
from tickets.models import Delivery, Message, Rating, ThreadReference, Ticket

LOOKS_BACK = timedelta(days=5)  # older plans were kept while nothing could be sent, and are out of date
AT_ONCE = 50


def ask_due() -> int:
    """Ask whoever is due; how many were asked."""
    if not settings.SATISFACTION_ASK or not delivery.has_server():
        return 0
    planned = Event.objects.filter(kind="ticket.follow_up_planned", occurred_at__gte=timezone.now() - LOOKS_BACK, ticket_ref__isnull=False)
    asked = Event.objects.filter(kind="rating.asked", occurred_at__gte=timezone.now() - 2 * LOOKS_BACK).values("ticket_ref")
    ids = planned.exclude(ticket_ref__in=asked).order_by("occurred_at").values_list("ticket_ref", "data__at")
    due = dict.fromkeys(pk for pk, at in ids if _passed(at))
    return sum(_ask(pk) for pk in list(due)[:AT_ONCE] if pk)


def _passed(at: str | None) -> bool:
    return bool(at) and datetime.fromisoformat(str(at)) <= timezone.now()


def _ask(ticket_id: UUID) -> bool:
    """Once; False when the ticket is not to be asked about (any more)."""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).select_related("customer", "queue").filter(pk=ticket_id).first()
        if ticket is None or ticket.status not in Ticket.DONE or not _passed((ticket.metadata.get("follow_up") or {}).get("at")):
            return False
        address = ticket.customer.email
        wanted = ticket.channel == Ticket.Channel.EMAIL and bool(address) and ticket.merged_into_id is None
        known = Rating.objects.filter(ticket=ticket).exists() or ticket.messages.filter(metadata__asks=True).exists()
        if not wanted or known or not spend("automatic-mail", "all", limit=settings.MAIL_AUTOMATIC_PER_HOUR, window=timedelta(hours=1)):
            return False
        _write(ticket, address)
        ticket.record("rating.asked", source=Rating.Source.MAIL)
    return True


def _write(ticket: Ticket, address: str) -> Message:
    text = _("We solved your request %(number)s. One press tells us how it went; if it is not solved, just answer this mail.")
    message = Message(
        ticket=ticket,
        author_kind=Message.AuthorKind.SYSTEM,
        author_name=ticket.queue.sender_name or ticket.queue.name,
        channel=Ticket.Channel.EMAIL,
        body_text=text % {"number": ticket.number},
        automatic=True,
        recipients=[address],
        delivery=Message.DeliveryState.QUEUED,
        metadata={"asks": True},
    )
    message.body_html = reply_html(message.body_text)
    message.external_id = id_of_our_mail(message.pk)
    message.save()
    Delivery.objects.create(message=message, recipient=address)
    marks = (message.external_id, reply_token(ticket.pk, address))
    ThreadReference.objects.bulk_create([ThreadReference(ticket=ticket, value=mark) for mark in marks], ignore_conflicts=True)
    return message
