"""One customer, whole: their numbers, their tickets, and one timeline of everything, on any channel.

What belongs to tickets is limited to what the viewer may see; the customer themselves are the company's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer, MemoryFact
from helpdesk.core.models import Event, User
from tickets.models import Message, Ticket

TICKETS_SHOWN = 8
PAGE = 30  # lines of the timeline
MOOD_OVER = timedelta(days=90)
SPARK_WIDTH, SPARK_HEIGHT = 96, 22


@dataclass(frozen=True)
class Numbers:
    open: int
    solved: int
    first_reply: float | None  # seconds, on average
    mood: str  # an SVG path through the weekly averages; "" when there are fewer than two
    worsening: bool


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    event: Event
    icon: str
    text: str
    detail: str = ""
    url: str = ""
    number: str = ""


@dataclass(frozen=True)
class Timeline:
    lines: list[Line]
    before: int | None  # the event where the next page begins


# What is told, under which filter: kind -> (filter, icon, sentence with data's words).
TOLD: dict[str, tuple[str, str, Any]] = {
    "ticket.created": ("tickets", "mail", gettext_lazy("Wrote in: %(subject)s")),
    "ticket.status_changed": ("tickets", "circle-check", gettext_lazy("%(status)s: %(subject)s")),
    "ticket.escalated": ("tickets", "siren", gettext_lazy("Escalated: %(subject)s")),
    "rating.given": ("tickets", "star", gettext_lazy("Rated with %(score)s of 5: %(subject)s")),
    "call.started": ("calls", "phone", gettext_lazy("Called")),
    "call.ended": ("calls", "phone", gettext_lazy("Call ended: %(summary)s")),
    "chat.summed_up": ("calls", "message-circle", gettext_lazy("Chatted. %(summary)s")),
    "customer.created": ("account", "circle-user", gettext_lazy("Became known")),
    "customer.changed": ("account", "pencil", gettext_lazy("Details changed")),
    "customer.crm_changed": ("account", "building-2", gettext_lazy("%(connection)s: %(changed)s")),
    "customer.dealt": ("account", "credit-card", "%(title)s"),
    "customer.erasure_asked": ("account", "eraser", gettext_lazy("Asked to be erased")),
    "customer.merged": ("account", "merge", gettext_lazy("Merged with %(name)s")),
    "customer.merge_undone": ("account", "undo-2", gettext_lazy("Separated from %(name)s again")),
}
SOURCES = {
    "message": gettext_lazy("Message"),
    "ticket": gettext_lazy("Ticket"),
    "call": gettext_lazy("Call"),
    "chat": gettext_lazy("Chat"),
    "rating": gettext_lazy("Rating"),
    "crm": gettext_lazy("CRM"),
    "api": gettext_lazy("API"),
    "billing": gettext_lazy("Shop or billing"),
    "customer": gettext_lazy("The customer"),
    "agent": gettext_lazy("An agent"),
    "import": gettext_lazy("Import"),
}
DONE = (Ticket.Status.RESOLVED, Ticket.Status.CLOSED)


def numbers(customer: Customer, viewer: User) -> Numbers:
    """Two queries."""
    tickets = Ticket.objects.visible_to(viewer).filter(customer=customer)
    waited = ExpressionWrapper(F("first_response_at") - F("created_at"), output_field=DurationField())
    found = tickets.aggregate(
        open=Count("pk", filter=Q(status__in=Ticket.ACTIVE)), solved=Count("pk", filter=Q(status__in=Ticket.DONE)), waited=Avg(waited)
    )
    weeks = (
        Message.objects.filter(ticket__in=tickets, author_kind=Message.AuthorKind.CUSTOMER, polarity__isnull=False)
        .filter(created_at__gte=timezone.now() - MOOD_OVER)
        .annotate(week=TruncWeek("created_at"))
        .order_by("week")
        .values_list("week")
        .annotate(mood=Avg("polarity"))
    )
    moods = [mood for _week, mood in weeks]
    first_reply = found["waited"].total_seconds() if found["waited"] else None
    return Numbers(found["open"], found["solved"], first_reply, spark(moods), len(moods) > 1 and moods[-1] < moods[0] - 0.1)


def spark(values: list[float]) -> str:
    """A path through values of -1..1, left to right."""
    if len(values) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    step = (SPARK_WIDTH - 4) / (len(values) - 1)
    points = [f"{2 + i * step:.1f} {2 + (1 - value) / 2 * (SPARK_HEIGHT - 4):.1f}" for i, value in enumerate(values)]
    return "M" + "L".join(points)


def latest_tickets(customer: Customer, viewer: User) -> list[Ticket]:
    tickets = Ticket.objects.visible_to(viewer).filter(customer=customer).select_related("assignee")
    return list(tickets.order_by("-updated_at")[:TICKETS_SHOWN])


def timeline(customer: Customer, viewer: User, *, only: str = "", before: int | None = None) -> Timeline:
    """A page of what happened, newest first. `only`: tickets, calls or account. Two queries."""
    kinds = [kind for kind, (group, _icon, _text) in TOLD.items() if only in ("", group)]
    seen = Ticket.objects.visible_to(viewer).filter(customer=customer).order_by()
    theirs = Q(ticket_ref__in=seen.values("pk")) | Q(customer_ref__in=_selves(customer), ticket_ref=None)
    untold = ~Q(data__new__in=DONE) | Q(data__new=Ticket.Status.CLOSED, data__old=Ticket.Status.RESOLVED)  # closed by itself, a week later
    events = Event.objects.filter(theirs, kind__in=kinds).exclude(untold, kind="ticket.status_changed")
    if before:
        events = events.filter(id__lt=before)
    rows = list(events.order_by("-id")[: PAGE + 1])
    subjects = _subjects(event.ticket_ref for event in rows)
    return Timeline([_line(event, subjects) for event in rows[:PAGE]], rows[PAGE - 1].pk if len(rows) > PAGE else None)


def _selves(customer: Customer) -> list[UUID]:
    """The customer, and the records that were merged into them."""
    return [customer.pk, *customer.merges.filter(undone_at=None).values_list("merged", flat=True)]


def _subjects(ids: Iterable[UUID | None]) -> dict[UUID, tuple[str, str]]:
    rows = Ticket.objects.filter(pk__in={pk for pk in ids if pk}).values_list("pk", "number", "subject")
    return {pk: (number, subject) for pk, number, subject in rows}


def _line(event: Event, subjects: dict[UUID, tuple[str, str]]) -> Line:
    _group, icon, sentence = TOLD[event.kind]
    number, subject = subjects.get(event.ticket_ref, ("", "")) if event.ticket_ref else ("", "")
    data = event.data
    words = {
        "subject": subject or _("(no subject)"),
        "status": Ticket.Status(data["new"]).label if event.kind == "ticket.status_changed" else "",
        "summary": str(data.get("summary") or _("no summary"))[:200],
        "name": data.get("name", ""),
        "score": str(data.get("score", "")),
        "connection": data.get("connection", ""),
        "title": str(data.get("title", ""))[:200],
        "changed": ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in (data.get("changed") or {}).items())[:200],
    }
    by = event.actor_name if event.actor_kind == "agent" else ""
    return Line(event, icon, str(sentence) % words, detail=" · ".join(filter(None, (number, by))), number=number)


def since(customer: Customer, tickets: Iterable[Ticket]) -> datetime:
    """Since when we know them: an import may be younger than their first ticket."""
    return min([customer.created_at, *(ticket.created_at for ticket in tickets)])


def sources(facts: Iterable[MemoryFact], viewer: User) -> dict[UUID, tuple[str, str]]:
    """Where each fact was learned: what to call it, and the number of its ticket ("" when there is none). Two queries."""
    rows = list(facts)
    names = dict(User.objects.filter(pk__in={agent for fact in rows if (agent := _agent(fact))}).values_list("pk", "name"))
    seen = Ticket.objects.visible_to(viewer).filter(pk__in={fact.ticket_ref for fact in rows if fact.ticket_ref})
    numbers = dict(seen.values_list("pk", "number"))
    return {fact.pk: (_source(fact, names), numbers.get(fact.ticket_ref, "") if fact.ticket_ref else "") for fact in rows}


def _source(fact: MemoryFact, names: dict[UUID, str]) -> str:
    agent = _agent(fact)
    return names.get(agent, _("An agent")) if agent else str(SOURCES.get(fact.source_kind, fact.source_kind))


def _agent(fact: MemoryFact) -> UUID | None:
    """The agent who said it; None for another source, and for an agent whom another system names in its own way."""
    try:
        return UUID(fact.source_id.partition("@")[0]) if fact.source_kind == "agent" else None
    except ValueError:
        return None
