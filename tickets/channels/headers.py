"""Mail headers read in linear time. The standard library's readers raise on small hostile headers (500 nested comments in From)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from .charsets import clean_line, decode

LONGEST_HEADER = 20_000  # characters read of one header; what is longer is no name and no address
LONGEST_ADDRESS = 254  # RFC 5321
MOST_ADDRESSES = 200
MOST_REFERENCES = 100
LONGEST_MESSAGE_ID = 400

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BLANK_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f]{1,64}@[^\s@<>()\[\],;:\\\"\x00-\x1f]{1,190}")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,400})>")
_QUOTED_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Address:
    """One mailbox of a header; `email` is lower case, `name` is decoded and clean."""

    email: str
    name: str = ""


def text_of(part: Message, name: str) -> str:
    """The header's first value: decoded, one line, no control characters; "" when there is none."""
    return clean_line(decode_words(raw_value(part, name)))


def raw_value(part: Message, name: str) -> str:
    """The header as text with its encoded words left alone; 8-bit bytes read as UTF-8 or Windows-1252."""
    value = next((found for key, found in part.raw_items() if key.lower() == name), "")  # type: ignore[attr-defined]
    return _eight_bit(str(value)[:LONGEST_HEADER])


def all_values(part: Message, name: str) -> list[str]:
    """Every value of a header that may stand several times."""
    return [_eight_bit(str(found)[:LONGEST_HEADER]) for key, found in part.raw_items() if key.lower() == name]  # type: ignore[attr-defined]


def _eight_bit(value: str) -> str:
    if value.isascii():
        return value
    return decode(value.encode("ascii", "surrogateescape") if _only_escapes(value) else value.encode("utf-8", "surrogatepass"), "utf-8")


def _only_escapes(value: str) -> bool:
    return all(char < "\x80" or "\udc80" <= char <= "\udcff" for char in value)


def decode_words(value: str) -> str:
    """RFC 2047 encoded words to text. Neighbours in one charset are joined as bytes first: senders split characters between words."""
    value = _BLANK_BETWEEN_WORDS.sub(r"\1", value)
    done: list[str] = []
    pending, charset, end = b"", "", 0
    for word in _ENCODED_WORD.finditer(value):
        named = word[1].partition("*")[0].lower()  # RFC 2231 adds *language
        if word.start() > end or named != charset:
            done += [decode(pending, charset), value[end : word.start()]]
            pending, charset = b"", named
        pending, end = pending + _word_bytes(word[2], word[3]), word.end()
    return "".join([*done, decode(pending, charset), value[end:]])


def _word_bytes(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return raw


def addresses(part: Message, name: str) -> tuple[Address, ...]:
    """The mailboxes of From, To, Cc ...: comments and groups are understood, what is no address is left out."""
    found: list[Address] = []
    for value in all_values(part, name):
        found += [address for entry in _entries(value) if (address := _one_address(entry))]
    return tuple(dict.fromkeys(found[:MOST_ADDRESSES]))


def _entries(value: str) -> Iterator[str]:
    """Splits at commas and semicolons outside quotes and angle brackets, and drops (comments), in one pass."""
    entry: list[str] = []
    quoted = escaped = angled = False
    comment = 0
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif comment or (char == "(" and not quoted):
            comment += (char == "(") - (char == ")")
            continue
        elif char == '"':
            quoted = not quoted
        elif char in "<>" and not quoted:
            angled = char == "<"
        elif char in ",;" and not quoted and not angled:
            yield "".join(entry)
            entry = []
            continue
        if not comment:
            entry.append(char)
    yield "".join(entry)


def _one_address(entry: str) -> Address | None:
    name, bracket, rest = entry.rpartition("<")
    candidate = rest.partition(">")[0] if bracket else entry.rpartition(":")[2]
    match = _ADDRESS.search(candidate)
    if not match or len(match[0]) > LONGEST_ADDRESS:
        return None
    name = _QUOTED_ESCAPE.sub(r"\1", name.strip().strip('"')) if bracket else ""
    return Address(match[0].lower().rstrip("."), clean_line(decode_words(name))[:200])


def message_ids(part: Message, name: str) -> tuple[str, ...]:
    """The ids in Message-ID, In-Reply-To or References, in their order, without brackets; the last hundred."""
    value = " ".join(all_values(part, name))
    found = _MESSAGE_ID.findall(value) or [word for word in value.split() if "@" in word and len(word) <= LONGEST_MESSAGE_ID]
    return tuple(dict.fromkeys(clean_line(one) for one in found[-MOST_REFERENCES:]))


def date_of(part: Message) -> datetime | None:
    """The Date header in UTC; None when it is missing, unreadable, or before e-mail."""
    try:
        found = parsedate_to_datetime(raw_value(part, "date")[:100])
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.year >= 1971 else None  # noqa: PLR2004 - the year of the first network mail
