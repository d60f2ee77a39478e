"""The local engine's summary: sentences that somebody wrote, so nothing in it is made up.

What was asked comes from the customer, what was tried from both sides and from notes, what was promised from us.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from assist.article_draft import bare
from assist.calls import phrases
from tickets.models import Message

ASKED, TRIED, PROMISED, OPEN = "asked", "tried", "promised", "open"
MOST = {ASKED: 3, TRIED: 4, PROMISED: 3}  # lines of a part
LONGEST_LINE = 240  # characters
LONGEST_READ = 8_000  # of one message
FEWEST_WORDS = 3
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_LEAD = re.compile(r"^(?:[\s>*•–-]+|\d{1,2}[.)]\s+)+")
_TO_US = re.compile(r"^(?:please )?(?:give|send|tell|let|show) (?:me|us)\b", re.IGNORECASE)  # asks, and tells nothing to do
_OURS = re.compile(r"\b(?:I|I've|we|we've|our|my)\b", re.IGNORECASE)


class Said(NamedTuple):
    """A message, as far as it is read."""

    id: UUID
    author_kind: str
    visibility: str
    text: str


Found = tuple[str, str]  # the message's id, a sentence of it


class Quote(NamedTuple):
    part: str
    text: str
    message: str  # whose sentence it is


def quote(said: Sequence[Said], issues: Iterable[str]) -> list[Quote]:
    """`said` in order; `issues`: what triage took for the matter when the first message came."""
    public = [one for one in said if one.visibility == Message.Visibility.PUBLIC]
    theirs = [one for one in public if one.author_kind == Message.AuthorKind.CUSTOMER]
    ours = [one for one in public if one.author_kind == Message.AuthorKind.AGENT]
    promised = _matching(ours, _promises)
    tried = [one for one in _matching(said, _tries) if one not in promised]
    return [
        *_asked(theirs, issues),
        *(Quote(TRIED, text, key) for key, text in tried[-MOST[TRIED] :]),
        *(Quote(PROMISED, text, key) for key, text in promised[-MOST[PROMISED] :]),
    ]


def _asked(theirs: Sequence[Said], issues: Iterable[str]) -> list[Quote]:
    """The matter in the words of the first message, and what the last one wants when it is another."""
    if not theirs:
        return []
    first = list(_sentences(theirs[0].text))
    told = [line_of(one) for one in issues if one.strip()] or [one for one in first if phrases.says("trouble", one)] or first
    lines = [(str(theirs[0].id), text) for text in told[: MOST[ASKED] - 1]]
    if len(theirs) > 1:
        latest = list(_sentences(theirs[-1].text))
        wanted = [one for one in latest if one.endswith("?")] or [one for one in latest if phrases.says("trouble", one)] or latest
        lines += [(str(theirs[-1].id), text) for text in wanted[:1]]
    unique = {text: key for key, text in reversed(lines)}
    return [Quote(ASKED, text, unique[text]) for text in dict.fromkeys(text for _key, text in lines)]


def _matching(said: Iterable[Said], fits: Callable[[Said, str], bool]) -> list[Found]:
    found = ((str(one.id), text) for one in said for text in _sentences(one.text) if fits(one, text))
    return list({text: (key, text) for key, text in found}.values())


def _tries(said: Said, sentence: str) -> bool:
    """What the customer did before, what we told them to do, and what colleagues noted that they did."""
    if sentence.endswith("?"):
        return False
    if said.author_kind == Message.AuthorKind.AGENT and said.visibility == Message.Visibility.PUBLIC:
        return phrases.says("told_to", sentence) and not _TO_US.match(sentence)
    return phrases.says("tried", sentence) and bool(_OURS.search(sentence))


def _promises(_said: Said, sentence: str) -> bool:
    return phrases.says("promise", sentence) and not phrases.says("small_talk", sentence) and not sentence.endswith("?")


def _sentences(text: str) -> Iterator[str]:
    """Whole thoughts of a message, without greeting, parting and the signs of a list."""
    for one in _SENTENCE.split(bare(text[:LONGEST_READ])):
        plain = " ".join(_LEAD.sub("", one).split())
        if len(plain.split()) >= FEWEST_WORDS:
            yield line_of(plain)


def line_of(text: str) -> str:
    """A sentence as it stands in a summary."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE].rsplit(" ", 1)[0] + "…"
