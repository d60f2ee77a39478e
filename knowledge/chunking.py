"""Cuts an article into passages of about 200 tokens, each under the headings that it stands under. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .markdown import blocks, plain

TARGET = 800  # characters: about 200 tokens of English, the length that was measured (engine.md section 2)
SMALL = 160  # a section shorter than this joins the passage before it: two lines alone say little
READ = 200_000  # characters of an article that are read at all (security T36)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Piece:
    heading: str  # "Set up > On Android": the path of headings above it
    text: str  # plain words


def chunk(markdown: str) -> list[Piece]:
    """The passages of a text in their order. An empty text has none; nothing of the first 200,000 characters is dropped."""
    pieces: list[Piece] = []
    for piece in _sections(markdown[:READ]):
        if pieces and len(piece.text) < SMALL and len(pieces[-1].text) + len(piece.text) < TARGET:
            last = pieces.pop()
            title = piece.heading.rpartition(" > ")[2]
            joined = piece.text if piece.heading == last.heading or not title else f"{title}: {piece.text}"
            piece = Piece(last.heading, f"{last.text}\n{joined}")  # noqa: PLW2901
        pieces.append(piece)
    return pieces


def _sections(markdown: str) -> Iterator[Piece]:
    """Blocks packed up to the target, never across a heading."""
    path: dict[int, str] = {}
    held = ""
    for block in blocks(markdown):
        if block.level:
            yield from _piece(path, held)
            held = ""
            path = {level: title for level, title in path.items() if level < block.level} | {block.level: block.text}
            continue
        for part in _fitting(plain(block.text)):
            if held and len(held) + len(part) > TARGET:
                yield from _piece(path, held)
                held = ""
            held = f"{held}\n{part}" if held else part
    yield from _piece(path, held)


def _piece(path: dict[int, str], text: str) -> Iterator[Piece]:
    if text.strip():
        yield Piece(" > ".join(path[level] for level in sorted(path))[:250], text.strip())


def _fitting(text: str) -> Iterator[str]:
    """A block as it is, or, when it is too long for one passage, in runs of whole sentences; a monster word is cut."""
    held = ""
    for sentence in _SENTENCE.split(text) if len(text) > TARGET else [text]:
        for start in range(0, len(sentence), TARGET):
            part = sentence[start : start + TARGET]
            if held and len(held) + len(part) >= TARGET:
                yield held
                held = ""
            held = f"{held} {part}" if held else part
    if held:
        yield held
