"""What the assistance holds of a person: calls, drafts, suggestions, triage, examples, vectors; and what it told of their tickets."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from assist.models import (
    AcdEvent,
    CallSession,
    ChatMessage,
    ChatSession,
    Draft,
    ExperimentAssignment,
    LabelledExample,
    Prediction,
    Suggestion,
    TicketSummary,
    TriageRun,
    TriageStep,
    WidgetVisitor,
)
from assist.triage import similar
from customers.erasure import Person, mentioning, store
from helpdesk.core.embeddings import store as vectors
from helpdesk.core.models import Embedding
from tickets.models import Ticket


@store("own calls", layer="collect")
def collect(person: Person) -> int:
    rows = list(_calls(person).values_list("session_id", "call_id"))
    person.marks |= {str(session) for session, _call in rows} | {call for _session, call in rows if len(call) > 6}  # noqa: PLR2004 - a short one is a word of anybody's
    return len(rows)


@store("calls and transcripts", layer="assist")
def calls(person: Person) -> int:
    """With their segments, notes, updates and analyses, and what the telephony system said of them."""
    found = _calls(person)
    told = AcdEvent.objects.filter(session__in=found).delete()[0]
    told += AcdEvent.objects.filter(call_id__in=list(found.values_list("call_id", flat=True))).delete()[0]
    told += mentioning(AcdEvent.objects.all(), "body", person.addresses).delete()[0]
    return told + found.delete()[0]


@store("chat visitors", layer="assist")
def chat_visitors(person: Person) -> int:
    """Their visits to the chat widget, and those of strangers who gave an address of theirs."""
    return WidgetVisitor.objects.filter(Q(customer__in=person.ids) | Q(email__in=person.addresses)).delete()[0]


@store("drafts", layer="assist")
def drafts(person: Person) -> int:
    return _gone(Draft.objects.all(), person, "sources")


@store("summaries", layer="assist")
def summaries(person: Person) -> int:
    return TicketSummary.objects.filter(ticket__in=person.tickets).delete()[0]


@store("suggestions", layer="assist")
def suggestions(person: Person) -> int:
    told = Suggestion.objects.filter(source_id__in=person.marks).delete()[0]
    return told + _gone(Suggestion.objects.all(), person, "details")


@store("triage", layer="assist")
def triage(person: Person) -> int:
    """Runs over their tickets go; where another ticket's names one of theirs as similar, that is taken out."""
    number = TriageRun.objects.filter(ticket__in=person.tickets).delete()[0]
    for rows, column in (
        (TriageRun.objects.all(), "result"),
        (TriageStep.objects.all(), "output"),
        (Ticket.objects.all(), "analysis"),
        (Ticket.objects.all(), "metadata"),
    ):
        for row in mentioning(rows, column, person.marks):
            rows.filter(pk=row.pk).update(**{column: _without(getattr(row, column), person.marks)})
            number += 1
    return number


@store("labelled examples", layer="assist")
def examples(person: Person) -> int:
    found = (LabelledExample.objects.filter(ticket__in=person.tickets), Prediction.objects.filter(ticket__in=person.tickets))
    return sum(rows.delete()[0] for rows in found)


@store("experiments", layer="assist")
def experiments(person: Person) -> int:
    """Who got which arm, by ids alone; the experiments' numbers lose them. Before the chats, whose ids it needs."""
    chats = _chats(person).values_list("pk", flat=True)
    return ExperimentAssignment.objects.filter(unit__in=[*person.ids, *person.tickets, *chats]).delete()[0]


@store("vectors of tickets", layer="assist")
def ticket_vectors(person: Person) -> int:
    number = Embedding.objects.filter(object_kind=similar.KIND, object_id__in=person.tickets).count()
    vectors.forget(similar.KIND, person.tickets)
    return number


def _calls(person: Person) -> QuerySet[CallSession]:
    theirs = Q(customer__in=person.ids) | Q(ticket__pk__in=person.tickets) | Q(phone__in=person.addresses)
    return CallSession.objects.filter(pk__in=list(CallSession.objects.filter(theirs).values_list("pk", flat=True)))


def _gone(rows: QuerySet[Any], person: Person, column: str) -> int:
    """Those of their tickets, and those of other tickets that quote from theirs."""
    return rows.filter(ticket__in=person.tickets).delete()[0] + mentioning(rows, column, person.marks).delete()[0]


def _without(value: Any, marks: set[str]) -> Any:
    """The same without every object (in a list: entry) that names one of the marks in a value of its own."""
    if isinstance(value, list):
        return [_without(one, marks) for one in value if not _names(one, marks)]
    if isinstance(value, dict):
        return {key: _without(one, marks) for key, one in value.items() if not _names(one, marks)}
    return value


def _names(value: Any, marks: set[str]) -> bool:
    if isinstance(value, dict):
        return any(isinstance(one, str) and one in marks for one in value.values())
    return isinstance(value, str) and any(mark in value for mark in marks)


@store("own chats", layer="collect")
def collect_chats(person: Person) -> int:
    """By which ids other stores know them: their lines stand in tickets, and in what language models were asked."""
    rows = _chats(person).values_list("pk", flat=True)
    person.marks |= {str(pk) for pk in rows}
    person.marks |= {str(pk) for pk in ChatMessage.objects.filter(session__in=rows).values_list("pk", flat=True)}
    return len(rows)


@store("chats", layer="assist")
def chats(person: Person) -> int:
    """Theirs, with every line in them, whoever said it."""
    return _chats(person).delete()[0]


def _chats(person: Person) -> QuerySet[ChatSession]:
    theirs = Q(customer__in=person.ids) | Q(ticket__pk__in=person.tickets) | Q(email__in=person.addresses)
    return ChatSession.objects.filter(pk__in=list(ChatSession.objects.filter(theirs).values_list("pk", flat=True)))
