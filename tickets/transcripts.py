"""A conversation that went before, or goes on beside, stands in its ticket: what the visitor had said, and what the assistant says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk.core.models import User
from tickets import searching
from tickets.channels.charsets import clean_text
from tickets.channels.rendering import reply_html
from tickets.models import Message, Ticket

BY_CUSTOMER, BY_ASSISTANT, BY_AGENT = (
    Message.AuthorKind.CUSTOMER,
    Message.AuthorKind.ASSISTANT,
    Message.AuthorKind.AGENT,
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a conversation. `reference` names it, so that it stands in the ticket once."""

    reference: str
    by: str  # a Message.AuthorKind
    text: str
    at: datetime
    user: User | None = None
    metadata: dict[str, Any] | None = None


def set_down(ticket: Ticket, lines: Sequence[Line]) -> dict[str, Message]:
    """What was said before the ticket was there, under the times at which it was said. Returns the messages by reference.

    Nobody is told of each: the message that opened the ticket tells of them all, and triage reads them with it.
    """
    with transaction.atomic():
        fresh = [_message(ticket, line) for line in lines]
        Message.objects.bulk_create(fresh, ignore_conflicts=True)
        references = [line.reference for line in lines]
        kept = {one.external_id: one for one in Message.objects.filter(channel=Ticket.Channel.CHAT, external_id__in=references)}
        for one in kept.values():
            searching.index_message(one.pk)
    return kept


def assistant_says(ticket: Ticket, line: Line) -> Message:
    """The assistant's answer in a ticket's chat, as colleagues see it. It is no person's answer: no clock stops for it."""
    with transaction.atomic():
        known = Message.objects.filter(channel=Ticket.Channel.CHAT, external_id=line.reference).first()
        if known is not None:
            return known
        message = _message(ticket, line)
        message.save()
        ticket.record("message.sent", subject=message, channel=message.channel, automatic=True)
    return message


def _message(ticket: Ticket, line: Line) -> Message:
    ours = line.by != BY_CUSTOMER
    text = clean_text(line.text)
    return Message(
        ticket=ticket,
        author_kind=line.by,
        customer=None if ours else ticket.customer,
        user=line.user,
        author_name=_name(ticket, line)[:200],
        channel=Ticket.Channel.CHAT,
        body_text=text,
        body_html=reply_html(text) if ours else "",
        external_id=line.reference,
        automatic=line.by == BY_ASSISTANT,
        metadata=line.metadata or {},
        created_at=line.at,
    )


def _name(ticket: Ticket, line: Line) -> str:
    if line.by == BY_CUSTOMER:
        return ticket.customer.display_name
    return str(line.user) if line.user else _("Assistant")
