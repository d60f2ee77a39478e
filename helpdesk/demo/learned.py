"""How the engine would have done on the solved tickets, one after the other, each with what the ones before it had taught.

So the learning page of the demonstration shows real guesses of the real engine: right, wrong and corrected. Whether an agent confirmed
a right guess or left it alone is told by the story's key; whoever had the ticket corrected the wrong ones.
"""

from __future__ import annotations

from hashlib import blake2b

from django.db import transaction

from assist.learning import examples, predictions
from assist.models import LabelledExample, Learnt, Prediction
from assist.triage import teaming
from assist.triage.case import Case
from assist.triage.pipeline import Outcome, Scope, analyse
from helpdesk.core.embeddings import get_embedder
from tickets.models import Ticket

from .telling import Told
from .tickets_loading import Advance

CONFIRMED = 3  # one right guess in so many had an agent's word


def learn(told: list[Told], advance: Advance) -> None:
    """Guess, then settle, in the order of time. Raises EmbeddingUnavailable."""
    get_embedder().embed(["anybody there?"])
    for one in sorted((one for one in told if one.ticket.resolved_at), key=lambda one: one.ticket.created_at):
        opening = one.messages[0]
        case = Case(subject=one.ticket.subject, body=opening.body_text)
        outcome = analyse(case, scope=Scope(ticket_id=one.ticket.pk, threads=False))
        with transaction.atomic():
            _settle(one, outcome)
        advance(1)


def _settle(one: Told, outcome: Outcome) -> None:
    ticket = one.ticket
    outcome.knowledge = ()  # search knows already what solved this very ticket: that would be no guess
    predictions.keep(ticket, outcome, [], team=teaming.team_of(outcome))
    Prediction.objects.filter(ticket=ticket).update(created_at=ticket.created_at)
    for guess in Prediction.objects.filter(ticket=ticket, field__in=Learnt.values):
        label, said = examples.label_of(ticket, guess.field)
        if not label:
            continue
        by_person = guess.label != label or _number(f"{one.story['key']} {guess.field}") % CONFIRMED == 0
        predictions.settle(ticket, guess.field, label, by_person=by_person)
        _example(ticket, guess, label, said, outcome.reading.text, by_person=by_person)
    if Prediction.objects.filter(ticket=ticket, field=Prediction.ESCALATION).exists():
        predictions.settle_escalation(ticket, None)
    Prediction.objects.filter(ticket=ticket, settled_at__isnull=False).update(settled_at=ticket.resolved_at)


def _example(ticket: Ticket, guess: Prediction, label: str, said: str, text: str, *, by_person: bool) -> None:
    LabelledExample.objects.create(
        ticket=ticket,
        field=guess.field,
        label=label,
        said=said,
        guessed=guess.label,
        text=text,
        by=ticket.assignee if by_person else None,
        weight=examples.OF_A_PERSON if by_person else examples.BY_ITSELF,
        created_at=ticket.resolved_at or ticket.created_at,
    )


def _number(text: str) -> int:
    """The same on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")
