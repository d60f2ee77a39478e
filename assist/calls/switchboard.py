"""The one door for calls: the REST surface and every telephony adapter call these verbs and nothing else.

    session, opened = start(Opening(call_id="acd-1", agent_id="agent-42", customer_phone="+3185255…"))
    heard = hear(session, Spoken(speaker="customer", text="I get error 401", start_time=10.5, end_time=15.2))
    end(session, "completed")

Every verb may be called twice with the same words and then does nothing new. Errors that a caller may see: CallEnded (409).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import CallSession, TranscriptionSegment
from helpdesk.core.events import record

from . import assisting, consent, ending, holding, pacing, parties, rounds, transcript, updates
from .parties import Opening
from .transcript import CallEnded, Spoken

__all__ = ("CallEnded", "Heard", "Opening", "Spoken", "end", "find", "hear", "identify", "partial", "ring", "start")

GENERIC = "generic"  # the provider of calls that come by contract section 1


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What became of one segment (contract section 1)."""

    status: str  # processed | stored | deferred | duplicate | partial
    segment_id: int | None = None
    suggestions_count: int = 0  # on offer in this call now
    questions_count: int = 0
    processing_time_ms: int = 0
    notice: str = ""  # what the sender should know: "cut to 1,000 words"


def find(*, provider: str, call_id: str) -> CallSession | None:
    """The running session of this call, else its last one (late words still find it), else None."""
    calls = CallSession.objects.filter(provider=provider, call_id=call_id)
    return calls.running().first() or calls.order_by("-started_at").first()


def ring(opening: Opening) -> tuple[CallSession, bool]:
    """A call comes in and nobody has answered yet. Returns its session, and whether it is new."""
    return _open(opening, CallSession.Status.RINGING)


def start(opening: Opening) -> tuple[CallSession, bool]:
    """A call is answered. Returns its session, and whether it is new; the one that rang becomes active."""
    session, opened = _open(opening, CallSession.Status.ACTIVE)
    if not opened and session.status == CallSession.Status.RINGING:
        session = _answer(session, opening)
    return session, opened


def identify(session: CallSession, opening: Opening, *, takes_over: bool = False) -> CallSession:
    """What becomes known later: who calls and who is on the line. `takes_over`: another agent goes on with the call."""
    agent = parties.agent_of(opening) if takes_over or session.agent_id is None else None
    customer = parties.customer_of(opening) if session.customer_id is None else None
    if customer is None and (agent is None or agent.pk == session.agent_id):
        return session
    with transaction.atomic():
        session = transcript.locked(session)
        if customer and session.customer_id is None:
            session.customer, session.phone, session.direction = customer, opening.customer_phone[:40], opening.direction
        changed = agent is not None and agent.pk != session.agent_id
        session.agent = agent or session.agent
        session.save(update_fields=["agent", "customer", "phone", "direction"])
        if changed and session.is_running:  # it opens on the new agent's screen
            _record(session, "call.rang" if session.status == CallSession.Status.RINGING else "call.started")
    return session


def hear(session: CallSession, spoken: Spoken, *, late: bool = False) -> Heard:
    """Keep one final segment, and think about what the customer says. `late`: also up to ten minutes after the end.

    Raises CallEnded when the call takes no more words.
    """
    began = time.perf_counter()
    kept = transcript.keep(session, spoken, late=late)
    if kept.duplicate:
        return _heard("duplicate", kept, began)
    if not kept.session.is_running:
        ended = CallSession.objects.get(pk=kept.session.pk)
        return _heard("stored", replace(kept, session=ending.refresh(ended)), began)
    if spoken.speaker != TranscriptionSegment.Speaker.CUSTOMER or not consent.may_read(kept.session, asked=kept.consent):
        return _heard("stored", kept, began)
    status, session = _think_or_put_off(kept)
    return _heard(status, replace(kept, session=session), began)


def partial(session: CallSession, spoken: Spoken) -> Heard:
    """Words that are still being recognised: shown, not kept. A final with the same id, sequence or start replaces them."""
    segment = transcript.as_segment(session, spoken)
    updates.tell_in_passing(session, {"type": "transcript", "segment": updates.segment_shown(segment, is_final=False)})
    return Heard(status="partial", suggestions_count=session.suggestions_count, questions_count=session.questions_count)


def end(session: CallSession, status: str = CallSession.Status.COMPLETED) -> CallSession:
    """Hang up: `completed`, `abandoned` or `transferred`. Summed up and filed as a ticket; an ended call stays as it ended."""
    with transaction.atomic():
        session = transcript.locked(session)
        if session.is_running:
            _hang_up(session, status)
    return ending.finish(session)


def _hang_up(session: CallSession, status: str) -> None:
    unanswered = session.status == CallSession.Status.RINGING
    session.status = CallSession.Status.ABANDONED if unanswered and status == CallSession.Status.COMPLETED else status
    session.ended_at = timezone.now()
    session.analysis_due_at = None
    holding.release(session, session.ended_at)
    updates.tell(session, {"type": "call.ended", "session_id": str(session.session_id), "status": session.status})
    session.save(update_fields=["status", "ended_at", "analysis_due_at", "updates", *holding.FIELDS])
    kind = "call.transferred" if session.status == CallSession.Status.TRANSFERRED else "call.ended"
    _record(session, kind, status=session.status, duration_seconds=session.duration_seconds)


def _think_or_put_off(kept: transcript.Kept) -> tuple[str, CallSession]:
    """Inside the pacing window, or when this process has its hands full, the words wait for the next round."""
    left = pacing.wait(kept.session)
    if not left:
        with pacing.turn() as ours:
            if ours:
                session = assisting.assist(kept.session, segment=kept.segment)
                if session.analysis_due_at is not None:  # somebody spoke on meanwhile, and was put off
                    transaction.on_commit(lambda: rounds.ask(pacing.PUT_OFF))
                return "processed", session
    transaction.on_commit(lambda: rounds.ask(left or pacing.PUT_OFF))
    return "deferred", kept.session


def _open(opening: Opening, status: str) -> tuple[CallSession, bool]:
    if (known := _running(opening)) is not None:
        return known, False
    try:
        with transaction.atomic():
            return _create(opening, status), True
    except IntegrityError:  # announced twice at once: the other one won
        if (known := _running(opening)) is not None:
            return known, False
        raise


def _running(opening: Opening) -> CallSession | None:
    """This call, if it runs. The words of a call that another system announced may come through the generic interface."""
    calls = CallSession.objects.filter(call_id=opening.call_id).running()
    own = calls.filter(provider=opening.provider).first()
    return own or (calls.order_by("-started_at").first() if opening.provider == GENERIC else None)


def _create(opening: Opening, status: str) -> CallSession:
    customer = parties.customer_of(opening)
    session = CallSession.objects.create(
        call_id=opening.call_id,
        provider=opening.provider,
        agent=parties.agent_of(opening),
        customer=customer,
        queue=parties.queue_of(opening),
        status=status,
        direction=opening.direction,
        phone=opening.customer_phone[:40],
        acd_metadata=opening.acd_metadata,
        crm_metadata=opening.crm_metadata,
        started_at=opening.started_at or timezone.now(),
        answered_at=timezone.now() if status == CallSession.Status.ACTIVE else None,
    )
    _record(session, "call.rang" if status == CallSession.Status.RINGING else "call.started")
    return session


def _answer(session: CallSession, opening: Opening) -> CallSession:
    """The call that rang is spoken in now; what was not known when it rang is known now."""
    with transaction.atomic():
        session = transcript.locked(session)
        if session.status != CallSession.Status.RINGING:
            return session
        session.status, session.answered_at = CallSession.Status.ACTIVE, timezone.now()
        session.agent = parties.agent_of(opening) or session.agent
        session.customer = session.customer or parties.customer_of(opening)
        session.acd_metadata = {**session.acd_metadata, **opening.acd_metadata}
        session.crm_metadata = {**session.crm_metadata, **opening.crm_metadata}
        updates.tell(session, {"type": "call.started", "session_id": str(session.session_id)})
        session.save(update_fields=["status", "answered_at", "agent", "customer", "acd_metadata", "crm_metadata", "updates"])
        _record(session, "call.started")
    return session


def _record(session: CallSession, kind: str, **data: object) -> None:
    """Onto the customer's timeline, and to the agent's console and the board."""
    who = {"ticket": session.ticket, "customer": session.customer, "by": session.agent}
    known = {"session": str(session.session_id), "call_id": session.call_id, "provider": session.provider, "phone": session.phone}
    people = {"agent": str(session.agent or ""), "queue": str(session.queue or "")}
    record(kind, subject=session, audience=session.audience, **who, **known, **people, **data)


def _heard(status: str, kept: transcript.Kept, began: float) -> Heard:
    notice = _("The segment was cut to %(words)d words.") % {"words": transcript.MOST_WORDS} if kept.segment.cut else ""
    return Heard(
        status=status,
        segment_id=kept.segment.pk,
        suggestions_count=kept.session.suggestions_count,
        questions_count=kept.session.questions_count,
        processing_time_ms=round((time.perf_counter() - began) * 1000),
        notice=notice,
    )
