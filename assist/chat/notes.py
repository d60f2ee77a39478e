"""Words that a visitor leaves while nobody is there: a ticket, answered by e-mail."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from tickets import intake
from tickets.channels import webform
from tickets.channels.base import InboundMessage, Sender
from tickets.channels.charsets import clean_line, clean_text
from tickets.models import Ticket

from . import visitors
from .visitors import Visitor

SUBJECT = 80  # characters of the words that become the subject


def leave(visitor: Visitor, *, email: str, name: str, content: str, form_id: UUID, address: str) -> Ticket:
    """Raises webform.TooManyRequests. A stranger's address is believed as much as in the contact form: it gets the answers, no more."""
    webform.check_allowance(visitor=address, address=email)
    visitors.introduce(visitor, name=name, email=email)
    text = clean_text(content)
    sender = Sender(customer_id=visitor.customer.pk) if visitor.verified else Sender(email=email, name=clean_line(name))
    site = visitor.site
    message = intake.receive(
        InboundMessage(
            channel=Ticket.Channel.CHAT,
            sender=sender,
            subject=clean_line(text)[:SUBJECT] or _("A message from the chat"),
            body_text=text,
            external_id=webform.once_id(form_id, email, text),
            verified="pass" if visitor.verified else "none",
            queue=site.queue.slug if site.queue else "",
        )
    )
    return message.ticket
