"""The call that goes on while a first visitor looks around, and those of the last hours that are over.

They are said to the product sentence by sentence, like every other call: what stands beside them was found by the product itself.
Only their times are set afterwards, as if they had been heard while they were spoken.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from assist.calls import assisting, consent, feedback, switchboard, transcript, wrapping
from assist.calls.switchboard import Opening, Spoken
from assist.models import AgentAction, CallSession, ClarifyingQuestion, Suggestion, TranscriptionSegment
from assist.triage import sentiment
from helpdesk.core import events
from helpdesk.core.models import Event, Receipt
from tickets.models import Message, Ticket

from . import tickets_loading
from .company import Cast
from .moments import Moments
from .source import HERE

LIVE = "gps-stops-with-screen-off"
SO_FAR = 135  # seconds of it that have been spoken
CALL_ID = "demonstration-in-progress"
PAST_ID = "demonstration-"


@dataclass(frozen=True)
class Past:
    """A call that is over. No `disposition`: its wrap-up still waits for the agent."""

    file: str
    minutes_ago: int  # when it ended
    category: str
    disposition: str = ""
    status: str = Ticket.Status.OPEN


PAST = (
    Past("labels-will-not-print", 12, "technical"),
    Past("charged-twice-in-november", 55, "billing", CallSession.Disposition.RESOLVED, Ticket.Status.RESOLVED),
    Past("shop-orders-stopped-arriving", 140, "integration", CallSession.Disposition.ESCALATED, Ticket.Status.OPEN),
)


def load_call(cast: Cast, at: Moments) -> None:
    """A call in progress, instead of the copy of an earlier load."""
    with transaction.atomic():
        _forget(CallSession.objects.filter(call_id=CALL_ID))
        began = at.now - timedelta(seconds=SO_FAR)
        session = _speak(LIVE, CALL_ID, cast, began, until=SO_FAR)
        _as_if_heard_then(session, began, began)


def load_past_call(past: Past, cast: Cast, at: Moments) -> None:
    """A call that is over, with its ticket, instead of the copy of an earlier load. An open ticket is understood like all that are open."""
    call_id = f"{PAST_ID}{past.file}"
    with transaction.atomic():
        _forget(CallSession.objects.filter(call_id=call_id))
        seconds = _written(past.file)["segments"][-1]["end_time"]
        ended = at.ago(minutes=past.minutes_ago)
        began = ended - timedelta(seconds=seconds)
        session = _speak(past.file, call_id, cast, began)
        _judge(session)
        session = switchboard.end(session)
        if past.disposition:
            _wrap_up(session, past)
        CallSession.objects.filter(pk=session.pk).update(ended_at=ended, filed_at=ended, wrapped_up_at=ended if past.disposition else None)
        Ticket.objects.filter(number=session.ticket_id).update(
            category=cast.categories[past.category], sentiment=sentiment.label_of(float(session.mood.get("polarity") or 0))
        )
        _date_ticket(session, began, ended)
        understood = _receipts_of_assist(session) if past.status in Ticket.ACTIVE else []
        _as_if_heard_then(session, began, ended, but=understood)
    for receipt in understood:
        events.run(receipt)
    for ticket in Ticket.objects.filter(number=session.ticket_id):
        tickets_loading.leave_as_read(ticket.pk)


def _written(file: str) -> dict[str, Any]:
    return json.loads((HERE / "calls" / f"{file}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _speak(file: str, call_id: str, cast: Cast, began: datetime, until: float = float("inf")) -> CallSession:
    """Everything that is said until then; what the product finds to it is dated by the sentence that it was found to."""
    written, loading = _written(file), timezone.now()
    session, _new = switchboard.start(_opening(written["call"], call_id, cast, began))
    CallSession.objects.filter(pk=session.pk).update(answered_at=began)
    spoken = [one for one in written["segments"] if one["end_time"] <= until]
    customer = [one for one in spoken if one["speaker"] == "customer"]
    thinks = customer if session.call_id == CALL_ID else _few(customer)
    for one in spoken:
        kept = transcript.keep(session, Spoken(**one))
        if one in thinks:
            assisting.assist(kept.session, segment=kept.segment)
            _date(session, began + timedelta(seconds=one["end_time"]), loading)
    return CallSession.objects.get(pk=session.pk)


def _few(spoken: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sentences of a call that is over after which there was something to think: an early one, one in the middle, the last."""
    return [spoken[min(1, len(spoken) - 1)], spoken[len(spoken) // 2], spoken[-1]]


def _opening(call: dict[str, Any], call_id: str, cast: Cast, began: datetime) -> Opening:
    """The people of the file as they are known here, so that nobody is there twice."""
    agent = next(one for one in cast.agents.values() if one.name == call["agent_name"])
    customer = next(one for one in cast.customers.values() if one.name == call["customer_name"])
    people: dict[str, Any] = {
        "agent_id": str(agent.pk),
        "agent_name": agent.name,
        "customer_id": str(customer.pk),
        "customer_name": customer.name,
    }
    known = {name: call[name] for name in ("customer_phone", "acd_metadata", "crm_metadata")}
    return Opening(call_id=call_id, started_at=began, **people, **known)


def _judge(session: CallSession) -> None:
    """The agent saw the cards, and used and rated the one that was surest."""
    offered = Suggestion.objects.filter(session=session).order_by("-confidence_score")
    feedback.show(session, list(offered.values_list("pk", flat=True)))
    best = offered.first()
    if best is not None:
        feedback.click(session, best.pk, by=session.agent)
        feedback.rate(session, best.pk, Suggestion.Feedback.HELPFUL, by=session.agent)


def _wrap_up(session: CallSession, past: Past) -> None:
    """As the agent saved it: what was proposed, how it went out, and what becomes of the ticket."""
    assert session.agent is not None  # noqa: S101 - the files name one
    typed = wrapping.proposed(session, desk := consent.desk_of(session), session.summary)
    typed.disposition, typed.status = past.disposition, past.status
    wrapping.save(session, typed, version=desk.version, by=session.agent)


def _date(session: CallSession, then: datetime, loading: datetime) -> None:
    Suggestion.objects.filter(session=session, created_at__gte=loading).update(created_at=then)
    ClarifyingQuestion.objects.filter(session=session, created_at__gte=loading).update(created_at=then)
    for rows in (Suggestion.objects, ClarifyingQuestion.objects):
        rows.filter(session=session, retired_at__gte=loading).update(retired_at=then)  # type: ignore[attr-defined]
    AgentAction.objects.filter(session=session, timestamp__gte=loading).update(timestamp=then)


def _date_ticket(session: CallSession, began: datetime, ended: datetime) -> None:
    late = timezone.now() - began
    tickets = Ticket.objects.filter(number=session.ticket_id)
    tickets.update(created_at=began, updated_at=ended, due_at=F("due_at") - late, first_response_at=began, last_agent_message_at=ended)
    tickets.update(first_reply_took=0)
    tickets.filter(resolved_at__isnull=False).update(resolved_at=ended, solving_took=round((ended - began).total_seconds()))
    Message.objects.filter(ticket__in=tickets).update(created_at=ended)
    AgentAction.objects.filter(session=session, timestamp__gt=ended).update(timestamp=ended)


def _as_if_heard_then(session: CallSession, began: datetime, ended: datetime, but: tuple[int, ...] | list[int] = ()) -> None:
    heard = began + timedelta(seconds=1) * F("end_time")  # type: ignore[operator]  # an expression: PostgreSQL multiplies
    TranscriptionSegment.objects.filter(session=session).update(created_at=heard)
    _events(session).exclude(kind="call.started").update(occurred_at=ended)
    _events(session).filter(kind="call.started").update(occurred_at=began)
    told = Receipt.objects.filter(event__in=_events(session)).exclude(pk__in=but)
    told.update(done_at=Now())  # it rang no bell: nobody was there to hear it


def _receipts_of_assist(session: CallSession) -> list[int]:
    """What triage makes of the caller's words; only assist hears of them."""
    heard = _events(session).filter(kind="message.received")
    return list(Receipt.objects.filter(event__in=heard, subscriber__startswith="assist.").values_list("pk", flat=True))


def _forget(sessions: Any) -> None:
    """With what came of them; tickets that people have opened from other calls are not ours."""
    for session in sessions:
        _events(session).delete()
        tickets_loading.forget(Ticket.objects.filter(number=session.ticket_id))
        session.delete()


def _events(session: CallSession) -> Any:
    cards = [str(pk) for pk in Suggestion.objects.filter(session=session).values_list("pk", flat=True)]
    ticket = Q(ticket_ref=session.ticket.pk) if session.ticket else Q(pk__in=())
    own = Q(subject_type="callsession", subject_id=str(session.pk)) | Q(subject_type="suggestion", subject_id__in=cards)
    return Event.objects.filter(own | ticket)
