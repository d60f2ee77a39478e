"""What every channel hands to `tickets.intake.receive`: one message, whoever carried it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Sender:
    """Who claims to be writing. `customer_id` is set only when a credential proved it; the rest is what the message says."""

    email: str = ""
    phone: str = ""
    name: str = ""
    external_id: str = ""
    customer_id: UUID | None = None


@dataclass(frozen=True)
class InboundAttachment:
    """One file. `name` is already fit for display; `content_id` has no angle brackets and matches `cid:` links in the body."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True)
class InboundMessage:
    """One customer message, translated. See `docs/adding-a-channel.md` for which fields a channel must fill."""

    channel: str  # a Ticket.Channel value
    sender: Sender
    subject: str = ""
    body_text: str = ""
    body_html: str = ""  # already cleaned by tickets/channels/html.py
    external_id: str = ""  # e-mail Message-ID without <>; the provider's event id
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_token: str = ""  # signed part of the reply address, if any
    recipients: tuple[str, ...] = ()  # To and Cc without our own addresses
    attachments: tuple[InboundAttachment, ...] = ()
    received_at: datetime | None = None
    automatic: bool = False  # auto-reply, bounce, list: never answered, never reopens
    bounce_of: str = ""  # Message-ID of ours that bounced
    verified: str = "none"  # pass | fail | none | temperror: DMARC-aligned check of the sender
    quoted_text: str = ""  # the folded quotation that was cut from body_text
    queue: str = ""
    priority: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    raw_mail_id: UUID | None = None
    undisplayable: bool = False  # could not be parsed: a ticket with "download raw"
