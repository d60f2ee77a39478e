"""The facts that customers name in passing: what triage finds in writing, and what only speech has.

Entities carry the contract's names (section 1): error_code, product_name, version, order_id, amount, date, platform ...
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from assist.models import Product
from assist.triage import entities as written_facts

from .spoken import written

DATA = Path(__file__).parent / "data"
NAMES = {"product": "product_name", "order": "order_id", "invoice": "invoice_number", "ticket": "ticket_id"}
KINDS = tuple(
    "error_code product_name version platform order_id invoice_number ticket_id amount date request_id phone email url".split()
)  # the most telling first
MOST = 40
REREAD_AFTER = 30.0  # seconds: a new product in the catalogue is recognised so soon
_DAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_WHEN = re.compile(
    rf"\b(?:since |on |last |this |from )?(?:yesterday|today|tonight|{_DAY}|this (?:morning|afternoon|evening|week|month)"
    rf"|last (?:night|week|month|year|{_DAY})|(?:a|an|one|two|three|four|five|six|\d+) (?:minute|hour|day|week|month)s? ago"
    rf"|since (?:the )?(?:update|upgrade|\w+ o'clock))\b",
    re.IGNORECASE,
)
_CODE_AFTER_WORD = re.compile(
    r"\b(?:error|code|status)(?: (?:code|number|is|was|says?))*[ :,]+(?:it(?:'s| is) )?([A-Z]{1,5}[- ]?\d{1,5}|\d{3,5})\b", re.IGNORECASE
)
_CODE = re.compile(r"\b[A-Z]{2,5}-\d{1,5}\b")
_VERSION_LEAD = re.compile(r"^v(?:ersion)?\.? ?", re.IGNORECASE)
_VERSION_BARE = re.compile(r"\bversion(?: (?:is|number))? (\d+(?:\.\d+){0,3})\b", re.IGNORECASE)


class Fact(NamedTuple):
    type: str
    value: str


def find(turns: Iterable[str]) -> tuple[Fact, ...]:
    """Every fact of these turns, each once, the most telling kinds first. Turns that were read before cost nothing."""
    products = _catalogue()
    found = dict.fromkeys(fact for turn in turns for fact in (*_in_turn(turn), *_products(turn, products)))
    named = [fact for fact in found if not _is_part_of_another(fact, found)]
    return tuple(sorted(named, key=lambda fact: KINDS.index(fact.type))[:MOST])


@lru_cache(maxsize=4096)
def _in_turn(text: str) -> tuple[Fact, ...]:
    text = written(text)
    found = list(_written(text))
    numbers = {fact.value.upper() for fact in found if fact.type in ("order_id", "invoice_number", "ticket_id")}
    found += [fact for fact in _said(text) if fact.value not in numbers]
    return tuple(dict.fromkeys(fact for fact in found if fact.type != "error_code" or fact.value.upper() not in numbers))


def _written(text: str) -> Iterator[Fact]:
    """What triage recognises in a message."""
    for entity in written_facts.extract(text).all:
        kind = NAMES.get(entity.type, entity.type)
        if kind == "product_name" or kind not in KINDS:
            continue
        value = entity.normalised if kind in ("error_code", "email") and entity.normalised else entity.value
        yield Fact(kind, _VERSION_LEAD.sub("", value) if kind == "version" else value)


def _said(text: str) -> Iterator[Fact]:
    """What is told rather than written."""
    for code in (*_CODE_AFTER_WORD.findall(text), *_CODE.findall(text)):
        yield Fact("error_code", code.upper().replace(" ", "-"))
    for version in _VERSION_BARE.findall(text):
        yield Fact("version", version)
    for when in _WHEN.finditer(text):
        yield Fact("date", when.group(0).strip().lower())


def _products(text: str, catalogue: tuple[tuple[re.Pattern[str], str], ...]) -> Iterator[Fact]:
    for pattern, name in catalogue:
        if pattern.search(text):
            yield Fact("product_name", name)


_known: tuple[float, tuple[tuple[re.Pattern[str], str], ...]] = (0.0, ())


def _catalogue() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The company's products with their other names; without any, the names that triage comes with. Then what any company has."""
    global _known  # noqa: PLW0603 - one value per process, replaced whole
    if time.monotonic() - _known[0] > REREAD_AFTER or not _known[1]:
        rows = Product.objects.filter(is_active=True).values_list("name", "aliases")
        own = tuple((name, tuple(aliases)) for name, aliases in rows)
        _known = (time.monotonic(), _patterns(own))
    return _known[1]


def forget_catalogue() -> None:
    """Read the catalogue anew at the next call."""
    global _known  # noqa: PLW0603
    _known = (0.0, ())


@lru_cache(maxsize=4)
def _patterns(own: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    names = own or tuple((name, ()) for name in written_facts.data("catalogue")["products"])
    taken = {name.lower() for name, _ in names}
    generic = tuple((name, ()) for name in _generic() if name not in taken)
    return tuple((_any_of(name, *aliases), name) for name, aliases in (*names, *generic))


def _any_of(*names: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(name) for name in names if name) + r")(?!\w)", re.IGNORECASE)


@cache
def _generic() -> tuple[str, ...]:
    return tuple(json.loads((DATA / "generic_products.json").read_text(encoding="utf-8")))


def _is_part_of_another(fact: Fact, among: Iterable[Fact]) -> bool:
    """ "app" beside "mobile app", "1007" beside "WH-1007", "2.5" beside "2.5.1"."""
    whole = re.compile(rf"(?<!\w){re.escape(fact.value)}(?!\w)", re.IGNORECASE)
    return any(other.type == fact.type and other.value != fact.value and whole.search(other.value) for other in among)
