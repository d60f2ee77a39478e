"""The automatic "we have your message": off until `MAIL_ACKNOWLEDGE` allows it, and never a tool for anyone else (security T11, T12).

The text is ours alone: no subject, no words and no name of the sender, so that nobody can send theirs to a third person through us.
At most one an hour to an address, five a day in a ticket, `MAIL_AUTOMATIC_PER_HOUR` in all. What is over a limit is simply not sent.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk.core.limits import spend
from tickets.channels.rendering import reply_html
from tickets.channels.threading import message_id as id_of_our_mail
from tickets.channels.threading import reply_token
from tickets.models import Delivery, Message, ThreadReference, Ticket

PER_ADDRESS_AN_HOUR = 1
PER_TICKET_A_DAY = 5


def acknowledge_opening(message_id: UUID | str) -> Message | None:
    """Acknowledges the message that opened a ticket. Returns our message, queued to be sent; None when none is due."""
    received = Message.objects.select_related("customer").filter(pk=message_id).first() if settings.MAIL_ACKNOWLEDGE else None
    if received is None or not _deserves_one(received):
        return None
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update().select_related("queue").get(pk=received.ticket_id)
        address = received.customer.email if received.customer else ""
        if not address or _has_one(ticket, received) or not _allowed(ticket, address):
            return None
        return _write(ticket, address, received)


def _deserves_one(received: Message) -> bool:
    """The first words of a ticket, from a person whose address is not disproven, by e-mail."""
    first = received.ticket.messages.in_order().first()
    by_a_person = received.channel == Ticket.Channel.EMAIL and not received.automatic and not received.is_note
    return by_a_person and received.verified != "fail" and first == received


def _has_one(ticket: Ticket, received: Message) -> bool:
    return ticket.messages.filter(metadata__acknowledges=str(received.pk)).exists()


def _allowed(ticket: Ticket, address: str) -> bool:
    """Counted in PostgreSQL, the narrowest limit first."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    return (
        spend("acknowledge-address", address, limit=PER_ADDRESS_AN_HOUR, window=hour)
        and spend("acknowledge-ticket", str(ticket.pk), limit=PER_TICKET_A_DAY, window=day)
        and spend("automatic-mail", "all", limit=settings.MAIL_AUTOMATIC_PER_HOUR, window=hour)
    )


def _write(ticket: Ticket, address: str, received: Message) -> Message:
    text = _("We have received your message. Its number is %(number)s. You need not answer this mail; a person will write to you.")
    message = Message(
        ticket=ticket,
        author_kind=Message.AuthorKind.SYSTEM,
        author_name=ticket.queue.sender_name or ticket.queue.name,
        channel=Ticket.Channel.EMAIL,
        body_text=text % {"number": ticket.number},
        automatic=True,
        recipients=[address],
        delivery=Message.DeliveryState.QUEUED,
        metadata={"acknowledges": str(received.pk)},
    )
    message.body_html = reply_html(message.body_text)
    message.external_id = id_of_our_mail(message.pk)
    message.save()
    Delivery.objects.create(message=message, recipient=address)
    marks = (message.external_id, reply_token(ticket.pk, address))
    ThreadReference.objects.bulk_create([ThreadReference(ticket=ticket, value=mark) for mark in marks], ignore_conflicts=True)
    return message
