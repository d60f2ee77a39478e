"""Query formulation, the second assist agent: from a conversation to what is looked up.

`semantic` is the customer's words so far (joined, never the last turn alone: engine.md section 3b) and is searched by meaning,
words and memory. Queries of entities are looked up exactly: an article that names the very code is worth a look.
`llm_enhanced` is where a language model adds its own wording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .analyse import Analysis
from .window import Window

BEST = 3  # so many are run
LONGEST = 200  # characters of an entity query
# How often each kind leads somewhere; one query of a kind at most, so that the customer's own words are always among the best.
CONFIDENCE = {
    "entity_based_error_code": 0.9,
    "entity_combination": 0.85,
    "semantic": 0.8,
    "entity_based_order_id": 0.7,
    "entity_based_product": 0.6,
    "entity_based_version": 0.5,
}


@dataclass(frozen=True)
class Query:
    text: str
    type: str  # entity_based_* | entity_combination | semantic | llm_enhanced
    confidence: float
    terms: tuple[str, ...] = ()  # what must be named, for queries of entities


@dataclass(frozen=True)
class Queries:
    queries: tuple[Query, ...] = ()  # best first

    @property
    def semantic(self) -> Query | None:
        return next((query for query in self.queries if query.type == "semantic"), None)

    @property
    def exact(self) -> tuple[Query, ...]:
        return tuple(query for query in self.queries if query.terms)

    @property
    def confidence(self) -> float:
        return self.queries[0].confidence if self.queries else 0.0

    def shown(self) -> dict[str, Any]:
        return {"queries": [{name: value for name, value in asdict(query).items() if name != "terms"} for query in self.queries]}


def formulate(window: Window, analysis: Analysis) -> Queries:
    """The best three. Greetings and small talk give none."""
    found = sorted(_queries(window, analysis), key=lambda query: -query.confidence)
    return Queries(tuple(found[:BEST]))


def _queries(window: Window, analysis: Analysis) -> Iterator[Query]:
    codes, products = analysis.of("error_code"), (*analysis.of("product_name"), *analysis.of("platform"))
    versions, orders = analysis.of("version"), analysis.of("order_id")
    about = analysis.issue_words
    if codes:
        yield _query("entity_based_error_code", codes[-1], about, *products[:1], terms=(codes[-1],))
    numbered = tuple(f"version {version}" for version in versions[:1])
    named = (*codes[-1:], *products[:1])
    if len(named) + len(numbered) > 1:
        yield _query("entity_combination", *products[:1], *numbered, about, terms=named)
    if analysis.tells_something and window.question:
        yield Query(window.question, "semantic", CONFIDENCE["semantic"])
    if orders:
        yield _query("entity_based_order_id", orders[-1], about, terms=(orders[-1],))
    if products and about:
        yield _query("entity_based_product", products[0], about, terms=(products[0],))
    if versions and products:
        yield _query("entity_based_version", products[0], f"version {versions[-1]}", terms=(products[0], versions[-1]))


def _query(kind: str, *words: str, terms: tuple[str, ...]) -> Query:
    return Query(" ".join(filter(None, words))[:LONGEST], kind, CONFIDENCE[kind], terms)
