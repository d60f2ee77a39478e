"""Keeping what was said: once each, in the order in which it was spoken, however it arrives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import CallSession, TranscriptionSegment
from helpdesk.core.errors import Conflict

from . import updates

MOST_WORDS, MOST_CHARACTERS = 1000, 8000  # of one segment; people speak about 150 words a minute
LATE = timedelta(minutes=10)  # after hang-up finals still trickle in from speech recognition


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
    waits_alone: bool = True  # no earlier words of this call wait to be thought about


def keep(session: CallSession, spoken: Spoken, *, late: bool = False) -> Kept:
    """Store one segment and tell the watchers, in one transaction. Raises CallEnded when the call no longer takes words."""
    with transaction.atomic():
        session = locked(session)
        _refuse_after_the_end(session, late=late)
        segment = as_segment(session, spoken)
        if known := _already_kept(segment):
            return Kept(session, known, duplicate=True)
        segment.save(force_insert=True)
        waits_alone = session.analysis_due_at is None
        session.heard += 1
        updates.tell(session, updates.segment_frame(segment))
        if spoken.speaker == TranscriptionSegment.Speaker.CUSTOMER and waits_alone:
            session.analysis_due_at = timezone.now()
        session.save(update_fields=["heard", "updates", "analysis_due_at"])
    return Kept(session, segment, waits_alone=waits_alone)


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


def _already_kept(segment: TranscriptionSegment) -> TranscriptionSegment | None:
    """No race: writers of one session wait for each other."""
    same = Q(speaker=segment.speaker, start_time=segment.start_time, text_hash=segment.text_hash)
    if segment.external_id:
        same |= Q(external_id=segment.external_id)
    if segment.sequence is not None:
        same |= Q(speaker=segment.speaker, sequence=segment.sequence)
    return TranscriptionSegment.objects.filter(same, session=segment.session).first()
