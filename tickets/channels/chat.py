"""Chats: one more way in. A conversation becomes a ticket when one is asked for; from then on each of its lines is a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tickets.models import Ticket

from .base import InboundMessage, Sender
from .charsets import clean_line, clean_text

LONGEST_BODY = 50_000  # characters


@dataclass(frozen=True, kw_only=True)
class VisitorLine:
    """What a visitor said. `ticket_number` is set once a ticket stands behind the chat."""

    reference: str  # names the line, so that it is taken in once
    customer_id: UUID
    text: str
    name: str = ""
    verified: bool = False
    subject: str = ""
    queue: str = ""
    priority: str = ""
    ticket_number: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    said_at: datetime | None = None  # before what was said since, even if it is filed only now


def translate(line: VisitorLine) -> InboundMessage:
    """A line as an InboundMessage. The same line twice is one message."""
    known = {"ticket_number": line.ticket_number} if line.ticket_number else {}
    return InboundMessage(
        channel=Ticket.Channel.CHAT,
        sender=Sender(customer_id=line.customer_id, name=line.name),
        subject=clean_line(line.subject),
        body_text=clean_text(line.text)[:LONGEST_BODY],
        external_id=line.reference,
        verified="pass" if line.verified else "none",
        received_at=line.said_at,
        queue=line.queue,
        priority=line.priority,
        metadata={**line.metadata, **known},
    )
