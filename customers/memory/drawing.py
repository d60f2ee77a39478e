"""Facts that customers say of themselves, by rules: name, plan, product, version, devices, language, how they wish to be reached.

English here, other languages in `drawing_abroad`. Only first persons and plain statements count: a sentence with a negation, a question,
an "if" or a quotation says nothing here. A model may draw more one day: whatever has the shape of `draw` can stand in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from .drawing_abroad import LANGUAGES, TONGUES, Abroad

READ = 20_000  # characters
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_DOUBT = re.compile(
    r"\b(?:not|no|no longer|never|without|if|when|until|unless|would|should|could|might|may|maybe|perhaps|was|were|used to|instead of"
    r"|want to|plan to|planning|thinking|he|she|they|his|her|their|customers?|clients?|colleagues?|says?|said|told)\b"
    r"|n['’]t\b|\?|[\"“”„«»]",
    re.IGNORECASE,
)
_ME = r"\b(?:we|i)(?:['’](?:re|m|ve)| are| am| have)?(?: (?:now|currently|still|all|both|just|recently|only))?"
_USE = rf"{_ME} (?:use|run|using|running|on|work with|working with)"
_SYSTEM = r"Windows(?: Server)?(?: \d{1,4})?|macOS(?: [A-Z]\w+| \d+)?|Ubuntu(?: \d\d\.\d\d)?|Android(?: \d+)?|iOS(?: \d+)?"
_DEVICE = r"iPhones?(?: \d+)?|iPads?|Pixels?(?: \d+)?|Galaxy(?: \w\d+)?|Zebra(?: \w+\d+)?|MacBooks?"
_LANGUAGES = r"Danish|Dutch|English|French|German|Italian|Norwegian|Polish|Portuguese|Spanish|Swedish"
_BROWSER = r"Firefox|Chrome|Safari|Edge|Opera"
_ANY = re.IGNORECASE
_NUMBER = r"\d+(?:\.\d+){0,3}"
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("name", re.compile(r"\b[Mm]y name is ((?:[A-ZÀ-Þ][\w'’-]+ ?){1,4})")),
    ("plan", re.compile(rf"{_ME} on (?:the|your) (\w+) (?:plan|tier|subscription)\b", _ANY)),
    (
        "plan",
        re.compile(rf"{_ME} (?:upgraded|moved|switched|changed|downgraded) to (?:the |your )?(\w+) (?:plan|tier)\b", _ANY),
    ),
    ("plan", re.compile(r"\b(?:our|my) (?:plan|tier|subscription) is (?:the )?(free|standard|professional|premium|enterprise)\b", _ANY)),
    ("version", re.compile(rf"{_USE} (?:version |v\.? ?)({_NUMBER})\b", _ANY)),
    ("version", re.compile(rf"\b(?:our|my) version is v?({_NUMBER})\b", _ANY)),
    ("version", re.compile(rf"{_ME} (?:upgraded|updated) to (?:version |v\.? ?)({_NUMBER})\b", _ANY)),
    ("operating system", re.compile(rf"{_USE} ((?-i:{_SYSTEM}))\b", _ANY)),
    ("browser", re.compile(rf"{_USE} ({_BROWSER})\b", _ANY)),
    ("browser", re.compile(rf"\b(?:our|my) browser is ({_BROWSER})\b", _ANY)),
    ("device", re.compile(rf"{_ME} (?:use|using|have|carry|work with)? ?(?:an? |the )?((?-i:{_DEVICE}))\b", _ANY)),
    ("device", re.compile(rf"\b(?:our drivers|all of us) (?:use|have|carry) ((?-i:{_DEVICE}))\b", _ANY)),
    ("language", re.compile(rf"\b(?:please|kindly) (?:write|answer|reply|respond)(?: to (?:me|us))? in ((?-i:{_LANGUAGES}))\b", _ANY)),
    ("language", re.compile(rf"\b(?:we|i) (?:only )?(?:speak|prefer) ((?-i:{_LANGUAGES}))\b", _ANY)),
    ("contact preference", re.compile(r"\bplease (call|phone|ring|e-?mail|text|write to) (?:me|us)\b(?! in\b)", _ANY)),
    ("contact preference", re.compile(r"\b(?:we|i) prefer (?:to be reached |to hear |contact )?by (phone|e-?mail|text)\b", _ANY)),
    ("contact preference", re.compile(r"\b(e-?mail|phone|text) is (?:the )?best for (?:me|us)\b", _ANY)),
)
_ABROAD = [Abroad(tongue, {"operating system": _SYSTEM, "browser": _BROWSER, "device": _DEVICE}) for tongue in TONGUES]
_WAYS = {"call": "phone", "ring": "phone", "phone": "phone", "text": "text message", "email": "e-mail", "e-mail": "e-mail"}
_LONGEST_NAME = 80  # of a product
_catalogue: list[Callable[[], Iterable[str]]] = []


@dataclass(frozen=True)
class Drawn:
    attribute: str
    value: str
    quote: str  # the sentence


def products_by(catalogue: Callable[[], Iterable[str]]) -> None:
    """`catalogue()` returns the names of the company's products. Whichever app above keeps them says so when it is ready."""
    _catalogue[:] = [catalogue]


def known_products() -> list[str]:
    return [name for catalogue in _catalogue for name in catalogue()]


def draw(text: str, products: Iterable[str] = ()) -> list[Drawn]:
    """What a customer says of themselves, one value for an attribute: the last they say; of `products`, by name, each that they use.

    Quoted lines are left out.
    """
    found: dict[tuple[str, str], Drawn] = {}
    names = [name for name in products if name.strip() and len(name) <= _LONGEST_NAME]
    tongues = [(_DOUBT, [(attribute, rule, "") for attribute, rule in (*_RULES, *(("product", _product(name)) for name in names))])]
    tongues += [(tongue.doubt, [*tongue.rules, *map(tongue.of_product, names)]) for tongue in _ABROAD]
    own = "\n".join(line for line in text[:READ].splitlines() if not line.lstrip().startswith((">", "|")))
    for sentence in _SENTENCE.split(own):
        for attribute, rule, meant in chain.from_iterable(rules for doubt, rules in tongues if not doubt.search(sentence)):
            if said := rule.search(sentence):
                value = meant or _value(attribute, said[1].strip())
                found[attribute, value if attribute == "product" else ""] = Drawn(attribute, value, sentence.strip()[:300])
    return list(found.values())


def _product(name: str) -> re.Pattern[str]:
    return re.compile(rf"{_USE} (?:the |your )?({re.escape(name)})\b", _ANY)


def _value(attribute: str, said: str) -> str:
    if attribute == "contact preference":
        return _WAYS.get(said.lower(), "e-mail")
    if attribute == "language":
        return LANGUAGES.get(said.lower(), said)  # the English rules say it in English
    return said.lower() if attribute == "plan" else said
