"""What tickets add to a person's export: their tickets with what both sides wrote, and the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from customers.exporting import Stored, part
from customers.models import Customer
from tickets.models import Message, Rating, Ticket


@part("tickets")
def tickets(customer: Customer) -> Iterator[dict[str, Any] | Stored]:
    found = Ticket.objects.filter(customer=customer).order_by("created_at").prefetch_related("messages__attachments")
    for ticket in found.iterator(chunk_size=100):
        shown = [message for message in ticket.messages.all() if not message.is_note]
        yield {
            "number": ticket.number,
            "subject": ticket.subject,
            "status": ticket.status,
            "created_at": ticket.created_at,
            "messages": [_message(message) for message in sorted(shown, key=lambda one: one.created_at)],
        }
        for message in shown:
            yield from (Stored(file.file.name or "", f"{file.pk}-{file.name}") for file in message.attachments.all())


@part("ratings")
def ratings(customer: Customer) -> Iterator[dict[str, Any]]:
    for given in Rating.objects.filter(customer=customer).select_related("ticket").order_by("created_at"):
        yield {"at": given.created_at, "ticket": given.ticket.number, "score": given.score, "comment": given.comment}


def _message(message: Message) -> dict[str, Any]:
    files = [f"{file.pk}-{file.name}" for file in message.attachments.all()]
    return {"at": message.created_at, "from": message.author_name or message.author_kind, "text": message.body_text, "files": files}
