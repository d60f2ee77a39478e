"""A question in other words: the company's synonyms, and the right spelling of words that no article holds.

Both are searched besides what was asked, never instead of it, and the screen says so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from django.db.models import QuerySet, Value
from django.utils.translation import gettext

from . import spelling
from .models import Article, SynonymGroup
from .models.wording import normal_term

LONGEST = 5  # words of a term
READ = 64  # words of a question that are compared with the terms
AFRESH = 5.0  # seconds
MOST_ADDED = 12  # terms; a question that means everything finds nothing

_SIGNS = re.compile(r"^[^\w]+|[^\w]+$")


@dataclass(frozen=True)
class Wording:
    """`synonyms` are terms, `corrections` right spellings by what was written."""

    synonyms: tuple[str, ...]
    corrections: dict[str, str]

    @property
    def added(self) -> tuple[str, ...]:
        return (*dict.fromkeys(chain(self.corrections.values(), self.synonyms)),)

    @property
    def notice(self) -> str:
        """ "Searched also for “invoice”, “bill”", or nothing."""
        terms = ", ".join(gettext("“%(term)s”") % {"term": term} for term in self.added)
        return gettext("Searched also for %(terms)s.") % {"terms": terms} if terms else ""

    def meant(self, text: str) -> str:
        """The text as meaning reads it: spelt right, with the synonyms behind it."""
        for written, right in self.corrections.items():
            text = re.sub(rf"\b{re.escape(written)}\b", right, text, flags=re.IGNORECASE)
        return f"{text} ({'; '.join(self.synonyms)})" if self.synonyms else text


NOTHING = Wording((), {})


def reading(text: str, *, language: str, among: QuerySet[Article], as_spelt: bool = False) -> Wording:
    """What to search for besides. Two statements, a third where a word is unknown and one like it is not.

    Mostly none when it is `as_spelt`: spoken words come by the second, and for them the synonyms are those of some seconds ago.
    """
    terms = _terms(text)
    if as_spelt:
        return Wording(_others(_remembered_of(terms), terms), {})
    synonyms = _others(_groups_of(terms), terms)
    known = set(chain.from_iterable(term.split() for term in synonyms))
    corrected = spelling.corrections(text, language=language, among=among)
    return Wording(synonyms, {written: right for written, right in corrected.items() if right not in known})


def _terms(text: str) -> set[str]:
    """Every run of one to five words."""
    words = [word for word in (_SIGNS.sub("", part) for part in normal_term(text).split()[:READ]) if word]
    return {" ".join(words[start : start + length]) for length in range(1, LONGEST + 1) for start in range(len(words) - length + 1)}


def _others(groups: Iterable[SynonymGroup], terms: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(group.others(terms) for group in groups)))[:MOST_ADDED]


def _groups_of(terms: set[str]) -> Iterable[SynonymGroup]:
    said = Value(sorted(terms), SynonymGroup._meta.get_field("terms"))  # one value: as a list, each of some 300 terms is an expression
    return SynonymGroup.objects.filter(terms__overlap=said).order_by("pk") if terms else ()


_remembered: tuple[float, dict[str, list[SynonymGroup]]] = (-AFRESH, {})


def _remembered_of(terms: set[str]) -> Iterable[SynonymGroup]:
    """The same groups from this process's memory, read anew every few seconds."""
    global _remembered  # noqa: PLW0603 - one value per process, replaced whole
    if time.monotonic() - _remembered[0] > AFRESH:
        by_term: dict[str, list[SynonymGroup]] = {}
        for group in SynonymGroup.objects.order_by("pk"):
            for term in group.terms:
                by_term.setdefault(term, []).append(group)
        _remembered = (time.monotonic(), by_term)
    found = {group.pk: group for term in terms & _remembered[1].keys() for group in _remembered[1][term]}
    return [found[pk] for pk in sorted(found)]


def forget_synonyms() -> None:
    """Read them anew at the next sentence."""
    global _remembered  # noqa: PLW0603
    _remembered = (-AFRESH, {})
