"""Facts that customers say of themselves, by rules: name, plan, version, environment, how they wish to be reached.

Only first persons and plain statements count: a sentence with a negation, a question, an "if" or a quotation says nothing here. A
model may draw more one day: whatever has the shape of `draw` can stand in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

READ = 20_000  # characters
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_DOUBT = re.compile(
    r"\b(?:not|no longer|never|if|would|should|could|might|was|used to|he|she|they|his|her|their)\b|n['’]t\b|\?|[\"“”„«»]", re.IGNORECASE
)
_ME = r"\b(?:we|i)(?:['’](?:re|m|ve)| are| am| have)?"
_SYSTEM = r"Windows(?: Server)? ?\d{0,4}|macOS(?: \w+)?|Ubuntu(?: \d\d\.\d\d)?|Android(?: \d+)?|iOS(?: \d+)?"
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("name", re.compile(r"\b[Mm]y name is ((?:[A-ZÀ-Þ][\w'’-]+ ?){1,4})")),
    ("plan", re.compile(rf"{_ME} on (?:the|your) (\w+) (?:plan|tier)\b", re.IGNORECASE)),
    ("plan", re.compile(rf"{_ME} (?:upgraded|moved|switched|changed|downgraded) to (?:the |your )?(\w+) (?:plan|tier)\b", re.IGNORECASE)),
    ("version", re.compile(rf"{_ME} (?:use|run|using|running|on) (?:version |v\.? ?)(\d+(?:\.\d+){{0,3}})\b", re.IGNORECASE)),
    ("operating system", re.compile(rf"{_ME} (?:use|run|using|running|on) ((?-i:{_SYSTEM}))\b", re.IGNORECASE)),
    ("browser", re.compile(rf"{_ME} (?:use|using|on) (Firefox|Chrome|Safari|Edge|Opera)\b", re.IGNORECASE)),
    ("contact preference", re.compile(r"\bplease (call|phone|e-?mail|text|write to) (?:me|us)\b", re.IGNORECASE)),
)
_WAYS = {"call": "phone", "phone": "phone", "text": "text message", "email": "e-mail", "e-mail": "e-mail", "write to": "e-mail"}


@dataclass(frozen=True)
class Drawn:
    attribute: str
    value: str
    quote: str  # the sentence


def draw(text: str) -> list[Drawn]:
    """What a customer says of themselves, one value for an attribute: the last they say. Quoted lines are left out."""
    found: dict[str, Drawn] = {}
    own = "\n".join(line for line in text[:READ].splitlines() if not line.lstrip().startswith((">", "|")))
    for sentence in _SENTENCE.split(own):
        if _DOUBT.search(sentence):
            continue
        for attribute, rule in _RULES:
            if said := rule.search(sentence):
                value = said[1].strip()
                value = _WAYS[value.lower()] if attribute == "contact preference" else value.lower() if attribute == "plan" else value
                found[attribute] = Drawn(attribute, value, sentence.strip()[:300])
    return list(found.values())
