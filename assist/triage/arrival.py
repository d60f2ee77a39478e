"""The story of a new customer message: read the case, think, write what was found, apply what may be applied.

No transaction is open while the engine thinks. One message has one run, however often the event comes.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from assist.learning import predictions
from assist.models import Draft, TriageRun, TriageStep
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import ApiKey
from tickets.models import Message, Queue, Ticket

from . import applying, framing, offering, personal, similar, undoing
from .case import Case, Profile, Turn
from .pipeline import Outcome, Scope, analyse
from .teaming import team_of

TURNS = 5  # of the customer's earlier messages that are read again
STAFF = ApiKey(name="triage")  # never saved: sees published articles, internal ones too, as every agent does


def understand(message_id: str | UUID) -> TriageRun | None:
    """Triage the ticket of this message. None: there is nothing to understand, or it was done before."""
    message = _waiting(message_id)
    if message is None:
        return None
    try:
        outcome = think(message)
    except Invalid:  # neither subject nor text: a person must look
        return None
    return write(message, outcome)


def think(message: Message) -> Outcome:
    """Everything that triage has to say of the message; nothing is changed on the ticket. Raises Invalid when nothing was written."""
    case = case_of(message)
    if case.earlier:
        _outdate_drafts(message)
    return analyse(case, scope=scope_of(message.ticket))


def understand_again(run: TriageRun) -> TriageRun:
    """A person wants it done once more, with today's rules, articles and cases. Raises Conflict when there is nothing to read."""
    if run.message is None:
        raise Conflict(_("The message of this run is gone"))
    case = case_of(run.message)
    again = write(run.message, analyse(case, scope=scope_of(run.ticket)), repeats=run)
    if again is None:
        raise Conflict(_("The ticket is being read this moment"))
    return again


def _waiting(message_id: str | UUID) -> Message | None:
    """The message, when it is a person's and was not understood yet."""
    messages = Message.objects.from_customer().public().filter(automatic=False)
    related = ("ticket__customer__organisation", "ticket__queue")
    message = messages.select_related(*related).filter(pk=message_id).first()
    return None if message is None or TriageRun.objects.filter(message=message).exists() else message


def _outdate_drafts(message: Message) -> None:
    """What was written before the customer's last word no longer answers it."""
    earlier = Draft.objects.filter(ticket=message.ticket_id, state=Draft.State.OFFERED, answers__created_at__lt=message.created_at)
    earlier.update(state=Draft.State.STALE)


def case_of(message: Message) -> Case:
    """The message with its ticket, customer and earlier turns. Raises Invalid when nothing was written."""
    ticket, customer = message.ticket, message.ticket.customer
    organisation_tier = customer.organisation.tier if customer.organisation else ""
    profile = Profile(
        customer_id=str(customer.pk),
        name=customer.name,
        tier=organisation_tier or customer.tier,
        previous_tickets=Ticket.objects.filter(customer=customer).exclude(pk=ticket.pk).count(),
        satisfaction_score=customer.satisfaction_score,
        technical_level=customer.technical_level,
    )
    given = {
        "ticket_id": ticket.number,
        "subject": ticket.subject,
        "body": message.body_text,
        "customer_id": str(customer.pk),
        "customer": profile,
        "language": customer.language,
        "earlier": _earlier(message),
        "received_at": message.created_at,
    }
    return Case.read(given)


def _earlier(message: Message) -> tuple[Turn, ...]:
    before = message.ticket.messages.from_customer().public().filter(created_at__lt=message.created_at, automatic=False)
    turns = before.order_by("-created_at").values_list("body_text", "polarity", "frustration")[:TURNS]
    return tuple(Turn(text=text[:5000], polarity=polarity, frustration=frustration) for text, polarity, frustration in reversed(turns))


def scope_of(ticket: Ticket) -> Scope:
    """Similar tickets come from the ticket's queue and the one it may move to: what other teams hold stays with them."""

    def tickets(category: str) -> QuerySet[Ticket]:
        queues = Queue.objects.filter(Q(pk=ticket.queue_id) | Q(categories__slug=category)).values("pk")
        return Ticket.objects.filter(queue__in=queues, merged_into=None).exclude(pk=ticket.pk)

    def frames(vector: Any, category: str, language: str) -> tuple[framing.Frame, ...]:
        return framing.fitting(ticket, vector=vector, category=category, language=language)

    return Scope(
        viewer=STAFF,
        tickets=tickets,
        customer_id=ticket.customer_id,
        ticket_id=ticket.pk,
        frames=frames,
        on_record=partial(personal.bearing_on, ticket),
    )


def write(message: Message, outcome: Outcome, *, repeats: TriageRun | None = None) -> TriageRun | None:
    """Store the run and act on it, unless someone else was faster. A repeated run stands beside the first one."""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).select_related("queue", "category").get(pk=message.ticket_id)
        if repeats is None and TriageRun.objects.filter(message=message).exists():  # whoever writes a run holds the ticket's lock
            return None
        since, team = applying.spoken_since(message), team_of(outcome)
        with ticket.changing(locked=True):
            may_link = any(link.sure for link in outcome.status.linked)
            before = undoing.look(ticket, incidents=may_link)
            applied = applying.apply(ticket, message, outcome, since=since, team=team)
        changes = undoing.difference(ticket, before, incidents=may_link)
        state = TriageRun.State.PARTIAL if outcome.errors else TriageRun.State.DONE
        way = {"workflow": outcome.workflow, "routes": list(outcome.routes)}
        found = {"result": outcome.result(), "state": state, "total_ms": outcome.total_ms, "applied": applied, "changes": changes}
        run = TriageRun.objects.create(ticket=ticket, message=message, repeats=repeats, **way, **found)
        _write_steps(run, outcome)
        if repeats is None:
            predictions.keep(ticket, outcome, applied, team=team)
        if repeats is not None:
            Draft.objects.filter(answers=message, state=Draft.State.OFFERED).update(state=Draft.State.STALE)
        if not since:  # a message that was answered meanwhile is offered nothing
            offering.offer(ticket, message, outcome, team=team)
        ticket.record(
            "triage.completed",
            subject=run,
            run=str(run.pk),
            category=outcome.category.category,
            confidence=outcome.category.confidence,
            priority=outcome.priority.priority,
            applied=run.applied,
            total_ms=outcome.total_ms,
        )
        similar.remember(ticket, outcome.reading)
    return run


def _write_steps(run: TriageRun, outcome: Outcome) -> None:
    rows = [
        TriageStep(
            run=run,
            position=position,
            name=step.name,
            engine=step.engine,
            ms=step.ms,
            tokens_in=step.tokens_in,
            tokens_out=step.tokens_out,
            cost_usd=step.cost_usd,
            inputs=list(step.inputs),
            output=step.output,
            error=step.error,
        )
        for position, step in enumerate(outcome.steps)
    ]
    TriageStep.objects.bulk_create(rows)
