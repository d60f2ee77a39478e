"""What the tickets app does when something happens. One line each."""

from __future__ import annotations

from helpdesk.core.events import subscribe
from helpdesk.core.models import Event
from tickets import acknowledging, searching
from tickets.channels import email


@subscribe("mail.stored")
def read_mail(event: Event) -> None:
    email.process(event.subject_id)


@subscribe("message.received")
def acknowledge_message(event: Event) -> None:
    acknowledging.acknowledge_opening(event.subject_id)


@subscribe("ticket.created", "ticket.tagged", "ticket.untagged", "ticket.subject_changed")
def index_ticket(event: Event) -> None:
    searching.index_ticket(event.ticket_ref)


@subscribe("message.received", "message.sent", "note.added", "message.adopted")
def index_message(event: Event) -> None:
    searching.index_message(event.subject_id)
