"""What changed between two texts: line by line, and within a changed line word by word. Pure; the template escapes the parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW = "same", "gone", "new"
AROUND = 2  # unchanged lines shown before and after a change
MOST_WORDS = 2_000  # of one changed passage that are compared word by word; beyond it whole lines are: the time grows with the square
MOST_PAIRS = 200  # changed lines that are compared word by word, for the same reason
MOST_LINES = 4_000  # compared line by line; a longer text is shown as replaced
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Part:
    kind: str  # same | gone | new
    text: str


@dataclass(frozen=True)
class Row:
    """One line of the comparison. `skipped` is the number of unchanged lines that are left out here."""

    kind: str
    parts: tuple[Part, ...] = ()
    skipped: int = 0


def compare(old: str, new: str) -> list[Row]:
    """The changed lines with two unchanged ones around; empty when nothing changed."""
    if old == new:
        return []
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > MOST_LINES:
        return [*_whole(GONE, before[:AROUND]), Row(SAME, skipped=len(before)), *_whole(NEW, after[:AROUND]), Row(SAME, skipped=len(after))]
    rows: list[Row] = []
    pairs = 0
    blocks = SequenceMatcher(None, before, after).get_opcodes()
    for at, (kind, a, b, c, d) in enumerate(blocks):
        if kind == "equal":
            rows += _folded(before[a:b], first=at == 0, last=at == len(blocks) - 1)
        else:
            pairs += b - a
            rows += _changed(before[a:b], after[c:d], by_word=pairs <= MOST_PAIRS)
    return rows


def _folded(lines: list[str], *, first: bool, last: bool) -> Iterator[Row]:
    head, tail = (0 if first else AROUND), (0 if last else AROUND)
    hidden = len(lines) - head - tail
    if hidden <= 1:
        yield from _whole(SAME, lines)
        return
    yield from _whole(SAME, lines[:head])
    yield Row(SAME, skipped=hidden)
    yield from _whole(SAME, lines[len(lines) - tail :])


def _changed(before: list[str], after: list[str], *, by_word: bool) -> Iterator[Row]:
    if not by_word or len(before) != len(after):
        yield from _whole(GONE, before)
        yield from _whole(NEW, after)
        return
    for old, new in zip(before, after, strict=True):
        yield from _words(old, new)


def _words(old: str, new: str) -> Iterator[Row]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, before, after)
    if max(len(before), len(after)) > MOST_WORDS or matcher.ratio() < 0.3:  # noqa: PLR2004 - hardly a word in common: two lines say it better
        yield from _whole(GONE, [old])
        yield from _whole(NEW, [new])
        return
    gone, added = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        if a < b:
            gone.append(Part(SAME if kind == "equal" else GONE, "".join(before[a:b])))
        if c < d:
            added.append(Part(SAME if kind == "equal" else NEW, "".join(after[c:d])))
    yield Row(GONE, tuple(gone))
    yield Row(NEW, tuple(added))


def _whole(kind: str, lines: list[str]) -> Iterator[Row]:
    yield from (Row(kind, (Part(kind, line),)) for line in lines)
