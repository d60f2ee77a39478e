"""Keeping what was said: once each, in the order in which it was spoken, however it arrives."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected

from assist.models import CallSession, TranscriptionSegment
from helpdesk.core.errors import Conflict

from . import updates

MOST_WORDS, MOST_CHARACTERS = 1000, 8000  # of one segment; people speak about 150 words a minute
LATE = timedelta(minutes=10)  # after hang-up finals still trickle in from speech recognition

# One statement, one round trip: the session's row is locked first, so that writers of one call wait for each other; a segment
# that is there already changes nothing. Of a `customer` the assistant has to think, and until it has, the call is due.
_KEEP = """
    with held as (
        select id, session_id, status, ended_at, heard, updates, analysis_due_at, analysed_at, suggestions_count, questions_count,
               agent_id, customer_id, ticket_id,
               case when %(customer)s then mood end as mood
        from call_sessions where id = %(call)s for no key update),
    kept as (
        insert into transcription_segments (session_id, speaker, text, start_time, end_time, confidence, external_id, sequence,
                                            text_hash, cut, created_at)
        select session_id, %(speaker)s, %(text)s, %(start_time)s, %(end_time)s, %(confidence)s, %(external_id)s, %(sequence)s,
               %(text_hash)s, %(cut)s, %(created_at)s
        from held where status = any(%(running)s) or (%(late)s and ended_at >= %(late_until)s)
        on conflict do nothing returning id),
    told as (
        update call_sessions set heard = call_sessions.heard + 1, updates = call_sessions.updates + 1,
               analysis_due_at = case when %(customer)s then least(call_sessions.analysis_due_at, %(created_at)s)
                                      else call_sessions.analysis_due_at end
        from kept where call_sessions.id = %(call)s
        returning call_sessions.heard, call_sessions.updates, call_sessions.analysis_due_at),
    framed as (
        insert into call_updates (session_id, n, payload, created_at)
        select held.session_id, told.updates, jsonb_set(%(frame)s::jsonb, '{segment,id}', to_jsonb(kept.id)), %(created_at)s
        from held, kept, told)
    select kept.id, desk.consent, held.mood, held.status, held.ended_at, held.analysed_at, held.suggestions_count, held.questions_count,
           held.agent_id, held.customer_id, held.ticket_id,
           coalesce(told.heard, held.heard), coalesce(told.updates, held.updates),
           case when told.heard is null then held.analysis_due_at else told.analysis_due_at end
    from held left join call_desks desk on desk.session_id = held.session_id left join kept on true left join told on true
"""
_BROUGHT = (
    "status", "ended_at", "analysed_at", "suggestions_count", "questions_count", "agent_id", "customer_id", "ticket_id",
    "heard", "updates", "analysis_due_at",
)  # fmt: skip
TRIES = 3


class CallEnded(Conflict):
    """The call has ended; nothing more is taken for it."""

    code = "call-ended"


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One utterance as speech recognition hands it over. Times are seconds since the call began."""

    speaker: str  # customer | agent | system
    text: str
    start_time: float | None = None  # None: now
    end_time: float | None = None
    confidence: float | None = None
    external_id: str = ""
    sequence: int | None = None


@dataclass(frozen=True)
class Kept:
    session: CallSession  # as it stands after this
    segment: TranscriptionSegment
    duplicate: bool = False
    consent: str | None = None  # a CallDesk.Consent; None: nobody has looked at this call's page or words yet


def keep(session: CallSession, spoken: Spoken, *, late: bool = False) -> Kept:
    """Store one segment and tell the watchers, in one statement. Raises CallEnded when the call no longer takes words."""
    segment, session = as_segment(session, spoken), copy.copy(session)
    row = _written(_parameters(segment, late=late))
    if row is None:  # erased meanwhile
        raise CallEnded(_("This call has ended."))
    number, asked, mood, *brought = row
    for name, value in zip(_BROUGHT, brought, strict=True):
        setattr(session, name, value)
    if mood is not None:
        session.mood = json.loads(mood)
    if number is None:
        _refuse_after_the_end(session, late=late)
        return Kept(session, _already_kept(segment), duplicate=True)
    segment.pk = number
    updates.send(session, session.updates, updates.segment_frame(segment))
    return Kept(session, segment, consent=asked)


def _written(parameters: dict[str, Any], tries: int = TRIES) -> tuple[Any, ...] | None:
    """Two writers of one call, each behind a third that refers to it, may wait for each other: PostgreSQL ends one, which tries again."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, parameters)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected) or tries <= 1 or connection.in_atomic_block:
            raise
    return _written(parameters, tries - 1)


def _parameters(segment: TranscriptionSegment, *, late: bool) -> dict[str, Any]:
    columns = ("speaker", "text", "start_time", "end_time", "confidence", "external_id", "sequence", "text_hash", "cut", "created_at")
    return {
        **{name: getattr(segment, name) for name in columns},
        "call": segment.session.pk,
        "customer": segment.speaker == TranscriptionSegment.Speaker.CUSTOMER,
        "running": list(CallSession.RUNNING),
        "late": late,
        "late_until": timezone.now() - LATE,
        "frame": json.dumps(updates.segment_frame(segment)),
    }


def locked(session: CallSession) -> CallSession:
    """The session as it is now, held until the transaction ends. Not its key: what refers to it may be written meanwhile."""
    return CallSession.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.pk)


def as_segment(session: CallSession, spoken: Spoken) -> TranscriptionSegment:
    """The row, not saved. What is longer than anybody speaks in one breath is cut, and says so."""
    text, cut = cut_to_size(spoken.text)
    start = spoken.start_time if spoken.start_time is not None else max(0.0, (timezone.now() - session.started_at).total_seconds())
    return TranscriptionSegment(
        session=session,
        speaker=spoken.speaker,
        text=text,
        start_time=round(start, 3),
        end_time=round(max(start, spoken.end_time if spoken.end_time is not None else start), 3),
        confidence=spoken.confidence,
        external_id=spoken.external_id[:255],
        sequence=spoken.sequence,
        text_hash=hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        cut=cut,
    )


def cut_to_size(text: str) -> tuple[str, bool]:
    """At most so many words and characters, and whether something was cut off."""
    text = text.strip()
    words = text.split(maxsplit=MOST_WORDS)
    if len(words) > MOST_WORDS:
        kept = text[: len(text) - len(words[MOST_WORDS])].rstrip()
        return kept[:MOST_CHARACTERS], True
    return text[:MOST_CHARACTERS], len(text) > MOST_CHARACTERS


def _refuse_after_the_end(session: CallSession, *, late: bool) -> None:
    if session.is_running:
        return
    if late and session.ended_at is not None and timezone.now() - session.ended_at <= LATE:
        return
    raise CallEnded(_("This call has ended."))


def _already_kept(segment: TranscriptionSegment) -> TranscriptionSegment:
    """The same words, or others that came under the same number. No race: writers of one session wait for each other."""
    same = Q(speaker=segment.speaker, start_time=segment.start_time, text_hash=segment.text_hash)
    if segment.external_id:
        same |= Q(external_id=segment.external_id)
    if segment.sequence is not None:
        same |= Q(speaker=segment.speaker, sequence=segment.sequence)
    return TranscriptionSegment.objects.filter(same, session=segment.session)[:1].get()
