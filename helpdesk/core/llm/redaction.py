"""Personal data does not leave the house: it is replaced by marks before a text goes out, and put back in what returns (security T45).

hidden = Redaction(names=("Ada Lovelace",)); sent = hidden.out("Ada Lovelace, ada@example.com")   # "[NAME_1], [EMAIL_1]"
hidden.back("Hello [NAME_1],")                                                                # "Hello Ada Lovelace,"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import phonenumbers

_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b")
_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
_SECRET = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}"  # keys of services
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bAKIA[A-Z0-9]{16}\b"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # JSON web tokens
    r"|(?i:\b(?:password|passwort|passcode|secret|api[ _-]?key|token)\s*(?:is|ist|:|=)\s*)(?P<told>\S{4,})"
)
_PHONE = re.compile(r"(?<![\w.+/#-])\+?\(?\d[\d ()./-]{6,22}\d(?![\w-])")
_MARK = re.compile(r"\[(?:EMAIL|PHONE|IBAN|CARD|SECRET|NAME)_\d{1,4}\]")
LONGEST_MARK = 16
SHORTEST_NAME = 2


class Redaction:
    """The marks of one exchange: the same value has the same mark throughout."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._marks: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        parts = {part for name in names for part in (name.strip(), *name.split()) if len(part) > SHORTEST_NAME}
        ordered = sorted(parts, key=lambda part: (-len(part), part))
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)") if ordered else None

    def out(self, text: str) -> str:
        """The text as it may leave."""
        text = _SECRET.sub(self._secret, text)
        text = _EMAIL.sub(lambda found: self._mark("EMAIL", found[0]), text)
        text = _IBAN.sub(lambda found: self._mark("IBAN", found[0]) if is_iban(found[0]) else found[0], text)
        text = _CARD.sub(lambda found: self._mark("CARD", found[0]) if is_card(found[0]) else found[0], text)
        text = _PHONE.sub(lambda found: self._mark("PHONE", found[0]) if is_phone(found[0]) else found[0], text)
        return self._names.sub(lambda found: self._mark("NAME", found[0]), text) if self._names else text

    def back(self, text: str) -> str:
        """What returned, with the values in their places; a mark that we never gave out stays as it is."""
        return _MARK.sub(lambda found: self._values.get(found[0], found[0]), text)

    def back_in(self, value: Any) -> Any:
        """The same for every string of a JSON value."""
        if isinstance(value, str):
            return self.back(value)
        if isinstance(value, list):
            return [self.back_in(one) for one in value]
        return {key: self.back_in(one) for key, one in value.items()} if isinstance(value, dict) else value

    def _secret(self, found: re.Match[str]) -> str:
        told = found["told"]
        if told is None:
            return self._mark("SECRET", found[0])
        return found[0][: found.start("told") - found.start()] + self._mark("SECRET", told)

    def _mark(self, kind: str, value: str) -> str:
        known = self._marks.get((kind, value))
        if known is None:
            known = f"[{kind}_{sum(of == kind for of, _ in self._marks) + 1}]"
            self._marks[kind, value] = known
            self._values[known] = value
        return known


class Backwards:
    """Puts values back in a stream, whose pieces may end in the middle of a mark."""

    def __init__(self, hidden: Redaction) -> None:
        self._hidden = hidden
        self._held = ""

    def piece(self, text: str) -> str:
        """What can be shown by now."""
        self._held += text
        start = self._held.rfind("[")
        if start >= 0 and "]" not in self._held[start:] and len(self._held) - start < LONGEST_MARK:
            ready, self._held = self._held[:start], self._held[start:]
        else:
            ready, self._held = self._held, ""
        return self._hidden.back(ready)

    def rest(self) -> str:
        ready, self._held = self._held, ""
        return self._hidden.back(ready)


def is_iban(text: str) -> bool:
    """ISO 13616: the number, its first four characters moved to the end and letters read as 10 to 35, leaves 1 modulo 97."""
    plain = text.replace(" ", "")
    moved = plain[4:] + plain[:4]
    return plain.isalnum() and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def is_card(text: str) -> bool:
    """ISO/IEC 7812: Luhn's check digit."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]  # noqa: PLR2004 - 5 doubled has two digits
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_phone(text: str) -> bool:
    """An international number that exists, or a national one written as people write it: with a 0 or brackets in front, and gaps."""
    if text.startswith(("+", "00")):
        try:
            return phonenumbers.is_valid_number(phonenumbers.parse("+" + text.removeprefix("00") if text.startswith("00") else text, None))
        except phonenumbers.NumberParseException:
            return False
    digits = sum(sign.isdigit() for sign in text)
    return 8 <= digits <= 13 and text[0] in "0(" and bool(re.search(r"[ ()./-]", text))  # noqa: PLR2004 - the shortest and longest in use
