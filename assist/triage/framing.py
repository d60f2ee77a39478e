"""The team's best macro as the frame of a draft: its words are the company's own, its variables filled, and nothing in it is left open.

A variable without a value takes its clause with it, and what leaned on that clause. So do claims of a deed that nobody has done yet ("I
have refunded …"): a draft is written before anybody did anything. A macro of which too little is left is no frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from assist.article_draft import bare
from helpdesk.core.models import User
from knowledge.models import Category
from tickets import macro_ranking, macros
from tickets.models import Macro, Queue, Ticket

FITS, OWN_FITS = 0.5, 0.35  # cosine from which a macro speaks of the matter; of one that is meant for the category
LEAST_LEFT = 0.6  # of its words
AGREES = 0.5  # of its words stand in the article that answers
LONGEST_PASSAGE = 400  # characters that a reader is shown
MOST_TRIED = 3  # macros, the best ones
MOST_SURE = 0.75  # of a draft that only a macro carries
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_LIST = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
# A phrase that says when, where or for whom, and can go without hurting the sentence.
_PHRASE = re.compile(rf"\s+(?:by|on|at|for|until|from|within)\s+{macros.HOLE.pattern}(?:\s+at the latest)?", re.IGNORECASE)
_LEANS = re.compile(r"^(?:it|this|that|these|those|they|one|the other|both|if it|so|therefore|then|he|she)\b", re.IGNORECASE)
_DONE = (
    r"\b(?:I|we)(?:'ve|\s+have)\s+(?!(?:received|your|to|not\s+yet)\b)(?:(?:now|just|already|also|not)\s+)?"
    r"(?:\w{3,}ed|put|sent|made|taken|done|found|heard)\b"
)
# What is said of this very customer's contract or account, nobody has looked up.
_THEIRS = r"\byour (?:contract|account) (?:is|has|was|pins|allows|includes)\b|\bready for your account\b"
_TO_COME = r"\b(?:I am|I'm|we are)\s+closing\b|\bI (?:will|am going to) (?:call|refund|credit)\b"
_CLAIM = re.compile(f"{_DONE}|{_THEIRS}|{_TO_COME}", re.IGNORECASE)
_OUR_PAGE = re.compile(r"(?<![\w/.])/help/")
_CLAUSE = re.compile(r"(?<=[,;])\s+(?:and\s+)?")


@dataclass(frozen=True)
class Frame:
    """What a macro says about the case: paragraphs before its list, the list, paragraphs after it."""

    macro: str  # its id
    title: str
    score: float
    opening: tuple[str, ...]
    steps: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    greeting: str = ""  # its own, in its own language
    language: str = ""

    @property
    def url(self) -> str:
        return f"{settings.SITE_URL}{reverse('macro', args=[self.macro])}"

    @property
    def text(self) -> str:
        return " ".join((*self.opening, *self.steps, *self.closing))

    @property
    def passage(self) -> str:
        return self.text[:LONGEST_PASSAGE]


def fitting(ticket: Ticket, *, vector: Any, category: str, language: str) -> tuple[Frame, ...]:
    """The shared macros that fit, the best first, each as far as it holds without what nobody knows yet. Three queries."""
    if vector is None:
        return ()
    found = [one for one in _shared(ticket, category) if _may_frame(one, language)]
    if not found:
        return ()
    topic = ticket.category or Category.objects.filter(slug=category).first()
    asked = Ticket(pk=ticket.pk, category=topic, language=language)  # as it is about to be: what ranking reads
    ranked = macro_ranking.rank(asked, found, vector=vector)[:MOST_TRIED]
    near = [one for one in ranked if one.meaning >= (OWN_FITS if topic and one.macro.category_id == topic.pk else FITS)]
    return tuple(frame for one in near if (frame := framed(one.macro, ticket, one.score)))


def agrees(frame: Frame, slug: str, body: str) -> bool:
    """Whether macro and article speak of the same: the macro sends there, or most of its words are the article's."""
    if f"/help/{slug}/" in frame.text:
        return True
    words = stems(frame.text)
    return bool(words) and len(words & stems(body)) >= AGREES * len(words)


def stems(text: str) -> set[str]:
    """Words of four letters and more by their first five: enough to know a word again in another form."""
    return {word[:5] for word in re.findall(r"[^\W_]{4,}", text.casefold())}


def _shared(ticket: Ticket, category: str) -> list[Macro]:
    """Of everybody, of the ticket's team, and of the team that it may move to."""
    teams = Queue.objects.filter(Q(pk=ticket.queue_id) | Q(categories__slug=category)).values("pk")
    return list(Macro.objects.filter(Q(queue=None) | Q(queue__in=teams), owner=None).exclude(text=""))


def _may_frame(macro: Macro, language: str) -> bool:
    """One that solves the ticket is for a person to choose, unless it only thanks: then it is meant for a category."""
    ends = macro.set_status in Ticket.DONE and macro.category_id is None
    return not ends and (not macro.language or macro.language.partition("-")[0] == language.partition("-")[0])


def framed(macro: Macro, ticket: Ticket, score: float = 1.0) -> Frame | None:
    """The macro filled for the ticket; None when too little of it holds."""
    text = _OUR_PAGE.sub(f"{settings.SITE_URL}/help/", macros.fill_text(macro.text, ticket, NOBODY))
    whole = bare(text)
    paragraphs = [part for part in re.split(r"\n\s*\n", whole) if part.strip()]
    kept = [_holding(part) for part in paragraphs]
    if _words(kept) < LEAST_LEFT * _words(macros.HOLE.sub("", part) for part in paragraphs):
        return None
    at = next((n for n, part in enumerate(kept) if isinstance(part, tuple)), len(kept))
    prose = [part for part in kept[:at] if isinstance(part, str) and part]
    after = [part for part in kept[at + 1 :] if isinstance(part, str) and part]
    if at == len(kept) and len(prose) > 1:  # no list: its last paragraph is what it closes with
        prose, after = prose[:-1], prose[-1:]
    steps = kept[at] if at < len(kept) else ()
    if not prose and not steps:
        return None
    first = text.strip().splitlines()[0].strip() if text.strip() else ""
    greeting = "" if whole.startswith(first) or macros.HOLE.search(first) else first
    return Frame(str(macro.pk), macro.title, score, tuple(prose), tuple(steps), tuple(after), greeting, macro.language)


NOBODY = User(name="", email="")  # who will send it is not known yet: signatures fall away


def _holding(paragraph: str) -> str | tuple[str, ...]:
    """A paragraph without what is open; a list as a tuple of its entries."""
    lines = paragraph.splitlines()
    if sum(bool(_LIST.match(line)) for line in lines) >= 2:  # noqa: PLR2004 - a list has two entries
        return tuple(" ".join(_LIST.sub("", line).split()) for line in lines if _LIST.match(line) and not macros.HOLE.search(line))
    kept: list[str] = []
    gone = False
    for sentence in _SENTENCE.split(" ".join(paragraph.split())):
        if gone and _LEANS.match(sentence):
            continue
        whole = _closed(sentence)
        gone = not whole
        if whole:
            kept.append(whole)
    return " ".join(kept)


def _closed(sentence: str) -> str:
    """The sentence without holes and without claims, as far as a clause can go alone; "" when it cannot."""
    sentence = _PHRASE.sub("", sentence)
    if not _is_open(sentence):
        return sentence
    clauses = _CLAUSE.split(sentence)
    first_open = next(n for n, clause in enumerate(clauses) if _is_open(clause)) if any(map(_is_open, clauses)) else 0
    before = " ".join(clauses[:first_open]).rstrip(" ,;:")
    if len(before.split()) >= 4:  # noqa: PLR2004 - fewer words are the beginning of a sentence, not one
        return before if before[-1] in ".!?" else f"{before}."
    return ""


def _is_open(text: str) -> bool:
    return bool(macros.HOLE.search(text) or _CLAIM.search(text))


def _words(parts: Iterable[str | Sequence[str]]) -> int:
    return sum(len((part if isinstance(part, str) else " ".join(part)).split()) for part in parts)
