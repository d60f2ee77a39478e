"""Live assist measured on transcripts: is the right article there by the customer's nth utterance, and are its questions worth asking?

A question counts as well asked when the transcript had no answer to it by then, and the customer gave one later: somebody found it
worth knowing (contract section 9: `clarification_precision`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assist.calls import analyse, clarify, pipeline, window
from assist.calls.retrieve import Scope
from helpdesk.core.errors import Invalid
from helpdesk.core.jsonlines import read_lines
from knowledge.fusion import SHOW

from . import retrieval
from .scratch import analyse as analyse_tables
from .scratch import scratch

UTTERANCES, DEPTHS = (1, 2, 3), (1, 3, 5)
Progress = Callable[[str, int, int], None]


@dataclass
class Heard:
    """What was made of one call."""

    id: str
    expected: str | None
    ranks: dict[int, int | None] = field(default_factory=dict)  # by the customer's nth utterance; None: not found
    confidence: float = 0.0  # of the best article by the last of them
    asked: int = 0
    well_asked: int = 0
    ms: list[float] = field(default_factory=list)


def evaluate(paths: Sequence[Path], *, articles: Path, cases_file: Path | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Play every transcript through the pipeline, utterance by utterance, in a scratch store. Raises Invalid for a malformed file."""
    tell = progress or (lambda what, done, of: None)
    transcripts = [_read(path) for path in files(paths)]
    if not transcripts:
        raise Invalid("There is no transcript (*.json) to measure on.")
    with scratch():
        retrieval.load(list(read_lines(articles)), list(read_lines(cases_file)) if cases_file else [], tell)
        analyse_tables()
        heard = []
        for number, (name, transcript) in enumerate(transcripts, 1):
            heard.append(_play(name, transcript))
            tell("calls", number, len(transcripts))
    return summarise(heard)


def files(paths: Sequence[Path]) -> list[Path]:
    """The transcripts named, and those of the folders named. Raises Invalid for a path that is not there."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise Invalid(f"{path} is not there.")
        found += sorted(path.rglob("*.json")) if path.is_dir() else [path]
    return found


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        transcript = json.loads(path.read_text(encoding="utf-8"))
        segments = [(str(one["speaker"]), str(one["text"]), float(one["start_time"])) for one in transcript["segments"]]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise Invalid(f"{path} is no transcript: {error!r}") from error
    return path.stem, {"segments": sorted(segments, key=lambda one: one[2]), "expect": transcript.get("expect") or {}}


def _play(name: str, transcript: dict[str, Any]) -> Heard:
    """Think after every utterance of the customer, as a live call does."""
    heard = Heard(name, transcript["expect"].get("article"))
    segments = transcript["segments"]
    mood: dict[str, Any] = {}
    utterance, asked = 0, set[str]()
    for place in range(1, len(segments) + 1):
        if segments[place - 1][0] != "customer":
            continue
        utterance += 1
        said = _window(segments[:place])
        began = time.perf_counter()
        thought = pipeline.think(said, Scope(viewer=None, tickets=False, incidents=False), mood)
        heard.ms.append((time.perf_counter() - began) * 1000)
        mood = thought.mood
        for question in thought.clarification.questions:
            if question.purpose not in asked:
                asked.add(question.purpose)
                heard.asked += 1
                heard.well_asked += _answered_later(question.purpose, segments[place:])
        if utterance in UTTERANCES:
            heard.ranks[utterance] = _rank(thought.found.ranked, heard.expected)
            heard.confidence = thought.found.best_article
    return heard


def _window(segments: Sequence[tuple[str, str, float]]) -> window.Window:
    return window.of((number, *segment) for number, segment in enumerate(segments))


def _answered_later(purpose: str, later: Sequence[tuple[str, str, float]]) -> bool:
    said = _window([one for one in later if one[0] == "customer"])
    analysis = analyse.analyse(said)
    if purpose in ("clarify_vague_issue", "choose_between"):
        return bool(analysis.detected_issue or analysis.detected_entities)
    return clarify.is_answered(purpose, said, analysis)


def _rank(ranked: Sequence[str], expected: str | None) -> int | None:
    return next((place for place, slug in enumerate(ranked, 1) if slug == expected), None)


def summarise(calls: Sequence[Heard]) -> dict[str, Any]:
    """The contract's figures. A call that expects no article counts in `shown` alone."""
    answerable = [call for call in calls if call.expected]
    asked = sum(call.asked for call in calls)
    ms = [one for call in calls for one in call.ms]
    return {
        "n": len(calls),
        **{f"top_{depth}": {str(nth): _share(answerable, nth, depth) for nth in UTTERANCES} for depth in DEPTHS},
        "clarification_precision": round(sum(call.well_asked for call in calls) / asked, 4) if asked else None,
        "questions_asked": asked,
        "latency_ms": {"p50": retrieval.percentile(ms, 0.5), "p95": retrieval.percentile(ms, 0.95)},
        "items": list(_items(calls)),
    }


def _share(calls: Sequence[Heard], nth: int, depth: int) -> float:
    """Of all calls with an answer; a call with fewer utterances counts with its last one."""
    found = [_last(call, nth) for call in calls]
    return round(sum(rank is not None and rank <= depth for rank in found) / max(1, len(calls)), 4)


def _last(call: Heard, nth: int) -> int | None:
    known = [one for one in call.ranks if one <= nth]
    return call.ranks[max(known)] if known else None


def _items(calls: Sequence[Heard]) -> Iterator[dict[str, Any]]:
    for call in calls:
        rank = _last(call, UTTERANCES[-1])
        yield {
            "id": call.id,
            "rank": rank,
            "shown": call.confidence >= SHOW,
            "confidence": call.confidence,
            "correct": rank == 1,
            "ranks": {str(nth): call.ranks.get(nth) for nth in UTTERANCES},
            "questions": {"asked": call.asked, "well_asked": call.well_asked},
        }
