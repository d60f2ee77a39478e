"""Finished calls: one more way in. The words of the caller become the message of a ticket; who called was found when it rang."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tickets.models import Ticket

from .base import InboundMessage, Sender
from .charsets import clean_line, clean_text

LONGEST_BODY = 20_000  # characters


@dataclass(frozen=True, kw_only=True)
class FinishedCall:
    """What a call leaves behind. `ticket_number` is set when the call was about a ticket that is there already."""

    reference: str  # names the call, so that it is taken in once
    customer_id: UUID | None
    customer_name: str = ""
    phone: str = ""
    subject: str
    said: str  # the caller's words, line by line
    queue: str = ""
    ticket_number: str = ""
    began_at: datetime | None = None
    metadata: dict[str, Any]


def translate(call: FinishedCall) -> InboundMessage:
    """A finished call as an InboundMessage. The same call twice is one message."""
    known = {"ticket_number": call.ticket_number} if call.ticket_number else {}
    return InboundMessage(
        channel=Ticket.Channel.PHONE,
        sender=Sender(customer_id=call.customer_id, phone=call.phone, name=call.customer_name),
        subject=clean_line(call.subject),
        body_text=clean_text(call.said)[:LONGEST_BODY],
        external_id=call.reference,
        received_at=call.began_at,
        verified="pass",
        queue=call.queue,
        metadata={**call.metadata, **known},
    )
