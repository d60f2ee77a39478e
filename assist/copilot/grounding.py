"""A model proposes sentences; plain code decides which of them may stand in a draft (security T41, T42, T47).

A sentence that tells or advises something must name a source that it was given, and no figure, address or link in any sentence may
come from anywhere but the sources; only figures may also be the customer's own. Its words must be those of its sources, or nearly.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field

LONGEST = 1_200  # characters of a sentence
LONGEST_COURTESY = 240  # of one that needs no source
FEWEST_WORDS, LEAST_SHARED = 3, 0.34  # a sentence of so many words shares at least this part of them with its sources
_IMAGE = re.compile(r"!\[[^\]]{0,300}\](?:\([^)]{0,2000}\)|\[[^\]]{0,300}\])")
_LINK = re.compile(r"\[([^\]]{1,300})\]\(\s*[^)]{0,2000}\)")
_REFERENCE = re.compile(r"^\s*\[[^\]]{1,100}\]:\s*\S.*$", re.MULTILINE)
_TAG = re.compile(r"</?[a-zA-Z!][^>]{0,2000}>")
_SIGNS = re.compile(r"[*_`#]{2,}")
_LEAD = re.compile(r"^(?:[\s>*#-]+|\d{1,2}[.)]\s+)+")  # of a list, a heading, a quotation
_MARK = re.compile(r"\[\d{1,2}\]")
_PLACE = re.compile(  # where a reader may be sent
    r"(?:https?://|www\.)[^\s<>()\"']+"
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|\b[\w-]+\.(?:com|net|org|io|dev|app|ru|cn|xyz|info|biz)\b(?:/\S*)?",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"[$€£¥]\s?\d[\d.,]*|\d[\d.,]*\s?(?:%|[$€£¥]|EUR\b|USD\b|GBP\b)"  # money and shares
    r"|\d[\d.,:/-]*\d",  # numbers of two digits and more
    re.IGNORECASE,
)

Kind = Literal["greeting", "empathy", "answer", "step", "question", "closing"]
TELLS = ("answer", "step")


class Sentence(BaseModel):
    kind: Kind
    text: str = Field(max_length=LONGEST)
    sources: list[int] = Field(default_factory=list, max_length=5)


class Written(BaseModel):
    """What a model answers. `can_answer` false: the sources do not hold it."""

    can_answer: bool
    sentences: list[Sentence] = Field(max_length=40)


@dataclass(frozen=True)
class Source:
    n: int
    kind: str  # article | incident | customer | macro | message
    id: str
    title: str
    url: str
    text: str  # all that the model was given of it
    passage: str  # what a reader is shown
    language: str = ""

    def shown(self) -> dict[str, Any]:
        return {"n": self.n, "kind": self.kind, "id": self.id, "title": self.title, "url": self.url, "passage": self.passage}


@dataclass(frozen=True)
class Grounded:
    text: str  # paragraphs, each telling sentence with its marks `[1]`
    sources: tuple[Source, ...]  # those that are cited
    steps: tuple[str, ...]
    dropped: int  # sentences that could not stand


def grounded(written: Written, sources: Sequence[Source], told: str, language: str = "") -> Grounded | None:
    """The draft of what may stand; None when nothing is left that answers. `told`: the customer's own words, in `language`."""
    if not written.can_answer:
        return None
    known = {source.n: source for source in sources}
    kept: list[Sentence] = []
    for sentence in written.sentences:
        one = sentence.model_copy(
            update={"text": plain(sentence.text), "sources": [n for n in dict.fromkeys(sentence.sources) if n in known]}
        )
        if may_stand(one, known, told, language):
            kept.append(one)
    if not any(one.kind in TELLS for one in kept):
        return None
    cited = dict.fromkeys(n for one in kept if one.kind in TELLS for n in one.sources)
    return Grounded(
        text=_laid_out(kept),
        sources=tuple(known[n] for n in sorted(cited)),
        steps=tuple(one.text for one in kept if one.kind == "step"),
        dropped=len(written.sentences) - len(kept),
    )


def plain(text: str) -> str:
    """One line of words: no images, no markup, links by their words, no marks of the model's own."""
    text = _REFERENCE.sub(" ", text)
    text = _LINK.sub(r"\1", _IMAGE.sub(" ", text))
    text = _TAG.sub(" ", html.unescape(_TAG.sub(" ", text)))
    text = _MARK.sub("", text).replace("\x00", "")
    return " ".join(_SIGNS.sub("", _LEAD.sub("", text)).split())


def without_places(text: str) -> str:
    """Plain words for a reader to see before they are checked: nowhere to be sent to."""
    return _PLACE.sub("…", plain(text))


def may_stand(sentence: Sentence, known: dict[int, Source], told: str, language: str) -> bool:
    """Whether its sources carry it. `known`: sources by number; `told`: words of the customer's own, whose figures may be repeated."""
    if not sentence.text:
        return False
    if sentence.kind in TELLS:
        if not sentence.sources:
            return False
        given = " ".join(known[n].text for n in sentence.sources)
    else:
        if len(sentence.text) > LONGEST_COURTESY:
            return False
        given = ""
    places, figures = _flat(given), _flat(f"{given} {told}")
    return (
        all(_flat(found[0]).strip(".,:;!?") in places for found in _PLACE.finditer(sentence.text))
        and all(_flat(found[0]).strip(".,:;!?") in figures for found in _FIGURE.finditer(_PLACE.sub(" ", sentence.text)))
        and (sentence.kind not in TELLS or _is_about(sentence, known, language))
    )


def _is_about(sentence: Sentence, known: dict[int, Source], language: str) -> bool:
    """The words of a sentence are to be found in its sources, as far as they are written in one language."""
    sources = [known[n] for n in sentence.sources]
    words = _stems(sentence.text)
    if len(words) < FEWEST_WORDS or any(one.language and one.language != language for one in sources):
        return True
    return len(words & _stems(" ".join(f"{one.title} {one.text}" for one in sources))) >= LEAST_SHARED * len(words)


def _stems(text: str) -> set[str]:
    """Words of four letters and more by their first five: enough to know a word again in another form."""
    return {word[:5] for word in re.findall(r"[^\W\d_]{4,}", text.casefold())}


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def _laid_out(kept: Sequence[Sentence]) -> str:
    """Greeting and closing on lines of their own, steps as a numbered list, the rest as they come."""
    paragraphs: list[str] = []
    running: list[str] = []
    number = 0

    def close() -> None:
        if running:
            paragraphs.append(("\n" if running[0].startswith("1. ") else " ").join(running))
            running.clear()

    before = ""
    for one in kept:
        group = "tell" if one.kind == "answer" else one.kind
        if group != before:
            close()
            before = group
        marks = "".join(f" [{n}]" for n in one.sources) if one.kind in TELLS else ""
        number = number + 1 if one.kind == "step" else 0
        running.append(f"{number}. {one.text}{marks}" if one.kind == "step" else f"{one.text}{marks}")
        if one.kind in ("greeting", "closing"):
            close()
    close()
    return "\n\n".join(paragraphs)
