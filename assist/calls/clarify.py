"""Clarification, the fourth assist agent: what the agent should ask, when the matter is vague, a key fact is missing or nothing was found.

It never asks what the transcript already answers, nor what the agent has asked in other words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from knowledge.fusion import POSSIBLE, SHOW

from . import phrases
from .analyse import Analysis
from .retrieve import Retrieved
from .window import Window

MOST = 3  # questions at once; nobody reads more while somebody speaks
TECHNICAL = frozenset(("technical", "integration", "performance", "account_access", "data_loss", ""))
MONEY = frozenset(("billing", "cancellation"))
ALIKE = 0.1  # raw score; two articles this close are told apart by a question

_ANSWERED_BY_ENTITY = {
    "get_error_code": ("error_code",),
    "get_version": ("version",),
    "get_timing": ("date",),
    "get_platform": ("platform",),
    "get_order_id": ("order_id", "invoice_number"),
    "get_product": ("product_name",),
}


@dataclass(frozen=True)
class Question:
    text: str
    purpose: str
    priority: int  # 1 is asked first


@dataclass(frozen=True)
class Clarification:
    questions: tuple[Question, ...] = ()

    def shown(self) -> dict[str, Any]:
        return {"questions": [asdict(question) for question in self.questions]}


NONE = Clarification()


def ask(window: Window, analysis: Analysis, found: Retrieved) -> Clarification:
    """At most three questions, most urgent first. None while the customer has only said hello."""
    if not analysis.tells_something:
        return NONE
    open_ones = (question for question in _questions(analysis, found) if not is_answered(question.purpose, window, analysis))
    return Clarification(tuple(sorted(open_ones, key=lambda question: question.priority))[:MOST])


def is_answered(purpose: str, window: Window, analysis: Analysis) -> bool:
    """By a fact that was named, by the customer's words, or because the agent has asked already."""
    if any(analysis.of(kind) for kind in _ANSWERED_BY_ENTITY.get(purpose, ())):
        return True
    if phrases.says(f"answered:{purpose}", window.customer_text):
        return True
    return any(phrases.says(f"asked:{purpose}", turn.text) for turn in window.agent)


def _questions(analysis: Analysis, found: Retrieved) -> Iterator[Question]:
    if analysis.vague:
        yield Question(_("What specifically isn't working as expected?"), "clarify_vague_issue", 1)
        yield Question(_("Do you see any error message or error code?"), "get_error_code", 1)
        return
    if choice := _between(found):
        yield choice
    unclear = not analysis.has_sufficient_context or found.best_article < SHOW
    if analysis.category in TECHNICAL and analysis.category not in MONEY:
        yield from _technical(analysis, unclear=unclear)
    if analysis.category in MONEY:
        yield Question(_("Which order or invoice number is it about?"), "get_order_id", 1 if unclear else 2)


def _technical(analysis: Analysis, *, unclear: bool) -> Iterator[Question]:
    """What a person needs to know to look into a fault. With an answer at hand, only what sharpens it."""
    if unclear:
        yield Question(_("Do you see any error message or error code?"), "get_error_code", 1)
        if not analysis.of("platform"):
            yield Question(_("Which app or part of the product are you using?"), "get_product", 2)
    if analysis.of("product_name") and not analysis.of("version") and unclear:
        yield Question(_("Which version are you using?"), "get_version", 2)
    yield Question(_("When did this start, and did anything change before?"), "get_timing", 2 if unclear else 3)


def _between(found: Retrieved) -> Question | None:
    """In the band `possible`: which of the best two is it?"""
    best = found.articles[:2]
    if len(best) < 2 or not POSSIBLE <= best[0].raw < SHOW or best[0].raw - best[1].raw > ALIKE:  # noqa: PLR2004
        return None
    words = {"one": best[0].title.rstrip("?."), "other": best[1].title.rstrip("?.")}
    return Question(_("Is it rather about “%(one)s” or “%(other)s”?") % words, "choose_between", 1)
