"""The script of a call: which of its steps were said. Words first, then meaning; only what the agent says counts.

Read by whoever looks: a page that shows the script asks for it again when the agent has spoken, and what is new since then is
listened to. A call that nobody looks at costs nothing, and its wrap-up catches up once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from django.db import transaction

from assist.models import CallDesk, CallScript, CallSession, SaidStep, ScriptStep, TranscriptionSegment
from assist.triage.learned import Vectors
from assist.triage.reading import sentences_of
from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder
from helpdesk.core.models import User

ALIKE = 0.62  # cosine from which a sentence says the step; measured on our own calls: a greeting, consent, a summary
MOST_READ = 60  # segments listened to at once; the next look takes the rest


@dataclass
class Step:
    pk: int
    text: str
    required: bool
    said: bool = False
    said_at: float = 0.0
    quote: str = ""


@dataclass
class Progress:
    name: str = ""
    steps: list[Step] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(step.said for step in self.steps)

    @property
    def missed(self) -> list[Step]:
        """Required, and not said."""
        return [step for step in self.steps if step.required and not step.said]


def progress(session: CallSession, desk: CallDesk) -> Progress:
    """The script of the call's queue with what was said of it; nothing when the queue has none. Three queries."""
    script = desk.script or CallScript.objects.for_queue(session.queue).first()
    if script is None:
        return Progress()
    steps = list(script.steps.all())
    said = {one.step_id: one for one in SaidStep.objects.filter(session=session, step__in=steps)}
    found = Progress(script.name)
    for step in steps:
        one = said.get(step.pk)
        row = Step(step.pk, step.text, step.required, one is not None)
        if one is not None:
            row.said_at, row.quote = one.at, one.quote
        found.steps.append(row)
    return found


def catch_up(session: CallSession, desk: CallDesk) -> None:
    """Listen to what the agent has said since the last look."""
    script = desk.script or CallScript.objects.for_queue(session.queue).first()
    words = TranscriptionSegment.objects.filter(session=session, speaker=TranscriptionSegment.Speaker.AGENT, pk__gt=desk.script_read)
    fresh = list(words.order_by("pk")[:MOST_READ]) if script else []
    if script is None or not fresh:
        return
    said = set(SaidStep.objects.filter(session=session).values_list("step_id", flat=True))
    open_steps = [step for step in script.steps.all() if step.pk not in said]
    heard = [SaidStep(session=session, step=step, at=at, quote=quote) for step, at, quote in _heard(open_steps, fresh)]
    with transaction.atomic():
        SaidStep.objects.bulk_create(heard, ignore_conflicts=True)
        CallDesk.objects.filter(session=session).update(script=script, script_read=fresh[-1].pk)
    desk.script, desk.script_read = script, fresh[-1].pk


def tick(session: CallSession, step: ScriptStep, *, at: float, by: User) -> None:
    """Ticked by hand, for what speech recognition did not catch."""
    SaidStep.objects.get_or_create(session=session, step=step, defaults={"at": at, "by": by})


def says(sentences: Sequence[str], step_texts: Sequence[Sequence[str]]) -> list[int | None]:
    """For each step (its text and phrases): the index of the sentence that says it, or None. Words first, then meaning."""
    plain = [_plain(sentence) for sentence in sentences]
    found: list[int | None] = [
        next((n for n, words in enumerate(plain) if any(_plain(p) in words for p in texts)), None) for texts in step_texts
    ]
    if not sentences or None not in found:
        return found
    try:
        spoken = np.asarray(get_embedder().embed(list(sentences)), np.float32)
        for n, texts in enumerate(step_texts):
            if found[n] is None:
                likeness = (spoken @ _vectors(tuple(texts)).T).max(axis=1)
                best = int(likeness.argmax())
                found[n] = best if float(likeness[best]) >= ALIKE else None
    except EmbeddingUnavailable:
        pass  # words alone decide today; a step can be ticked by hand
    return found


def _heard(steps: list[ScriptStep], segments: list[TranscriptionSegment]) -> list[tuple[ScriptStep, float, str]]:
    said = [(sentence, segment) for segment in segments for sentence in sentences_of("", segment.text) or (segment.text,)]
    where = says([sentence for sentence, _segment in said], [[step.text, *step.phrases] for step in steps])
    return [(step, said[n][1].start_time, said[n][0][:300]) for step, n in zip(steps, where, strict=True) if n is not None]


@lru_cache(maxsize=256)
def _vectors(texts: tuple[str, ...]) -> Vectors:
    return np.asarray(get_embedder().embed(list(texts)), np.float32)


def _plain(text: str) -> str:
    return " " + " ".join(re.findall(r"\w+", text.casefold())) + " "
