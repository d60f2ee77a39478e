"""The facts in a message that a person would copy out: codes, order and invoice numbers, amounts, dates, versions, contacts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import phonenumbers
from django.conf import settings

from .learned import data

MOST = 40  # entities of one message; a pasted log would give thousands
READ = 30_000  # characters


@dataclass(frozen=True)
class Entity:
    type: str
    value: str  # as written
    normalised: str = ""  # where a number or an address has one form: 49.00 EUR, +441632960961


@dataclass(frozen=True)
class Entities:
    all: tuple[Entity, ...] = ()
    error_codes: tuple[str, ...] = field(default=())

    def of(self, kind: str) -> tuple[str, ...]:
        return tuple(entity.value for entity in self.all if entity.type == kind)


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_NUMBER = r"\d{1,3}(?:[., ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_CURRENCY = r"EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CAD|AUD|JPY|INR|GHS|euros?|dollars?|pounds?"
# In order: an earlier kind takes its characters away from the later ones (an invoice number is no error code).
_KINDS: tuple[tuple[str, str], ...] = (
    ("url", r"\bhttps?://[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]"),
    ("email", r"\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+\b"),
    ("ticket", r"\b(?:TKT-\d{8}-\d{4,}|TICKET-\d+)\b"),
    ("invoice", r"\b(?:INV|RE|RG|FAC)[-_ ]?\d[\w-]{2,}\b|\binvoice (?:no\.? |number |nr\.? |#)?[A-Z]{0,4}-?\d[\w-]{2,}\b"),
    ("order", r"\b(?:ORD|SO|PO|FW)[-_ ]\d[\w-]{2,}\b|\border (?:no\.? |number |nr\.? |id |#)?[A-Z]{0,4}-?\d[\w-]{2,}\b"),
    ("request_id", r"\brequest[- ]id:? ?[A-Za-z0-9][\w-]{4,}|\breq_[A-Za-z0-9]{6,}\b"),
    ("amount", rf"(?:[€$£¥]\s?(?:{_NUMBER})|(?:\b(?:{_CURRENCY})\s?(?:{_NUMBER}))|\b(?:{_NUMBER})\s?(?:€|£|\$|(?:{_CURRENCY})\b))"),
    (
        "date",
        r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\.? (?:of )?{_MONTH}\b(?: \d{{4}})?"
        rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?",
    ),
    (
        "error_code",
        r"\b(?:E|ERR|ERROR|WH|SSO|SYNC|PAY|EXP|IMP|PRN|DRV|WHS|2FA)[-_]?\d{2,5}\b|\b0x[0-9A-Fa-f]{4,}\b"
        r"|\b(?i:error|code|status|http|fehler)[:# ]{1,2}(?i:code[: ]{1,2})?\d{3,5}\b"
        r"|\b[A-Z][A-Za-z]{2,}(?:Exception|Error)\b|\b[A-Z]{2,}(?:_[A-Z]{2,}){1,4}\b",
    ),
    ("version", r"\b(?:v(?:ersion)?\.? ?)\d+(?:\.\d+){0,3}\b|\b\d+\.\d+\.\d+\b"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(pattern, 0 if kind == "error_code" else re.IGNORECASE)) for kind, pattern in _KINDS)
_ERROR_WORD = re.compile(r"^(?:error|code|status|http|fehler)[:# ]{1,2}(?:code[: ]{1,2})?", re.IGNORECASE)
_NUMBER_WORD = re.compile(r"^(?:invoice|order) (?:no\.? |number |nr\.? |id |#)?", re.IGNORECASE)
_SIGNS = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "EURO": "EUR",
    "EUROS": "EUR",
    "DOLLAR": "USD",
    "DOLLARS": "USD",
    "POUND": "GBP",
    "POUNDS": "GBP",
}


def extract(text: str, *, region: str | None = None) -> Entities:
    """Find every entity, each value once, in the order of the text's kinds. `region` reads local phone numbers (ISO 3166)."""
    text = text[:READ]
    found = list(dict.fromkeys([*_by_pattern(text), *_phones(text, region), *_named(text)]))[:MOST]
    codes = tuple(dict.fromkeys(entity.normalised or entity.value for entity in found if entity.type == "error_code"))
    return Entities(tuple(found), codes)


def _by_pattern(text: str) -> Iterator[Entity]:
    for kind, pattern in _PATTERNS:
        for found in pattern.findall(text):
            value = _NUMBER_WORD.sub("", found.strip()) if kind in ("invoice", "order") else found.strip()
            yield Entity(kind, value, _normal(kind, value))
        text = pattern.sub(" ", text)


def _normal(kind: str, value: str) -> str:
    if kind == "amount":
        return _money(value)
    if kind == "error_code":
        return _ERROR_WORD.sub("", value)
    return value.lower() if kind == "email" else ""


def _money(value: str) -> str:
    """`1.234,50 €` and `EUR 1,234.50` are both `1234.50 EUR`."""
    digits = re.search(rf"(?:{_NUMBER})", value)
    if not digits:
        return ""
    number = digits.group(0).replace(" ", "")
    sign = value.replace(digits.group(0), "").strip().upper()
    decimals = re.search(r"[.,](\d{1,2})$", number)
    whole = re.sub(r"\D", "", number[: decimals.start()] if decimals else number)
    return f"{whole}.{(decimals.group(1) if decimals else '').ljust(2, '0')} {_SIGNS.get(sign, sign)}"


def _phones(text: str, region: str | None) -> Iterator[Entity]:
    if sum(character.isdigit() for character in text) < 7:  # noqa: PLR2004 - no phone number is shorter
        return
    for match in phonenumbers.PhoneNumberMatcher(text, region, max_tries=200):
        yield Entity("phone", match.raw_string, phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164))


def _named(text: str) -> Iterator[Entity]:
    """Products from the company's catalogue, and the platforms everybody knows."""
    for kind, pattern in _catalogue(tuple(getattr(settings, "PRODUCT_CATALOGUE", ()))):
        for value in dict.fromkeys(match.group(0) for match in pattern.finditer(text)):
            yield Entity(kind, value)


@cache
def _catalogue(own: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    lists = data("catalogue")
    return tuple((kind, _any_of(names)) for kind, names in (("product", own or lists["products"]), ("platform", lists["platforms"])))


def _any_of(names: list[str] | tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(
        r"(?<!\w)(?:" + "|".join(re.escape(name) for name in longest_first) + r")(?: \d{1,3}(?:\.\d{1,3})*)?(?!\w)", re.IGNORECASE
    )
