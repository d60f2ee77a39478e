"""What the assistance adds to a person's export: their calls and chats, word for word, and the summaries of their tickets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assist.models import CallSession, ChatSession, TicketSummary, WidgetVisitor
from customers.exporting import part
from customers.models import Customer


@part("calls")
def calls(customer: Customer) -> Iterator[dict[str, Any]]:
    for call in CallSession.objects.filter(customer=customer).order_by("started_at").prefetch_related("segments"):
        yield {
            "started_at": call.started_at,
            "ended_at": call.ended_at,
            "phone": call.phone,
            "summary": call.summary,
            "said": [{"by": one.speaker, "seconds": one.start_time, "text": one.text} for one in call.segments.all()],
        }


@part("summaries")
def summaries(customer: Customer) -> Iterator[dict[str, Any]]:
    rows = TicketSummary.objects.filter(ticket__customer=customer).select_related("ticket").order_by("made_at")
    for one in rows:
        yield {
            "ticket": one.ticket.number,
            "by": one.engine,
            "made_at": one.made_at,
            "said": one.lines,
            "of_the_customer": [line["text"] for line in one.customer],
        }


@part("chat_visits")
def chat_visits(customer: Customer) -> Iterator[dict[str, Any]]:
    for visit in WidgetVisitor.objects.filter(customer=customer).select_related("site").order_by("created_at"):
        yield {"site": visit.site.name, "name": visit.name, "email": visit.email, "created_at": visit.created_at}


@part("chats")
def chats(customer: Customer) -> Iterator[dict[str, Any]]:
    for chat in ChatSession.objects.filter(customer=customer).order_by("started_at").prefetch_related("messages"):
        yield {
            "started_at": chat.started_at,
            "ended_at": chat.ended_at,
            "summary": chat.summary,
            "rating": chat.rating,
            "said": [{"at": one.created_at, "by": one.role, "text": one.content} for one in chat.messages.all()],
        }
