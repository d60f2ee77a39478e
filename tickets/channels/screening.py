"""A first look at raw mail, in linear time and before any parser: what is it, and is it safe to parse here? (T14)

`ordinary` mail is parsed in this process. `suspicious` mail goes to a child with hard limits of time and memory.
What is over a limit is not parsed at all; it still becomes a ticket, with what `glimpse` can read of its first headers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from typing import Literal

from .headers import Address, addresses, message_ids, text_of

HEADER_BYTES = 256 * 1024
HEADER_COUNT = 500
CONTAINERS = 30  # multiparts and enclosed messages: at least as many as the mail is deep
PARTS = 200
PARAMETERS = 100
MAIL_BYTES = 26 * 1024 * 1024  # 25 MB by SMTP, and some room for what our own server adds

# Above these an honest mail is rare: worth the 100 ms of a child process.
_CAREFUL = {"header bytes": HEADER_BYTES // 4, "headers": HEADER_COUNT // 2, "containers": 10, "parts": 60, "parameters": 30}
_LIMITS = {
    "bytes": MAIL_BYTES,
    "header bytes": HEADER_BYTES,
    "headers": HEADER_COUNT,
    "containers": CONTAINERS,
    "parts": PARTS,
    "parameters": PARAMETERS,
}

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_HEADER_START = re.compile(rb"^[!-9;-~]{1,200}[ \t]*:", re.MULTILINE)
_CONTENT_TYPE = re.compile(rb"^content-type[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE | re.IGNORECASE)
_CONTAINER = re.compile(rb":[ \t\r\n]*(?:multipart|message)/", re.IGNORECASE)

GLIMPSED = 64 * 1024  # bytes of header that `glimpse` reads


@dataclass(frozen=True)
class Screening:
    verdict: Literal["ordinary", "suspicious", "refused"]
    reason: str = ""


def screen(raw: bytes) -> Screening:
    """What to do with this mail; `reason` names the figure that spoke against it."""
    figures = _figures(raw)
    for name, limit in _LIMITS.items():
        if figures[name] > limit:
            return Screening("refused", f"{figures[name]} {name}, the limit is {limit}")
    careful = next((name for name, limit in _CAREFUL.items() if figures[name] > limit), "")
    return Screening("suspicious", f"{figures[careful]} {careful}") if careful else Screening("ordinary")


def _figures(raw: bytes) -> dict[str, int]:
    header = header_block(raw)
    types = _CONTENT_TYPE.findall(raw)
    return {
        "bytes": len(raw),
        "header bytes": len(header),
        "headers": sum(1 for _ in _HEADER_START.finditer(header)),
        "containers": sum(1 for one in types if _CONTAINER.search(one[:200])),
        "parts": len(types),
        "parameters": max((one.count(b";") for one in types), default=0),
    }


def header_block(raw: bytes) -> bytes:
    """Everything before the first empty line; all of it when there is none."""
    end = _END_OF_HEADERS.search(raw)
    return raw[: end.start()] if end else raw


@dataclass(frozen=True)
class Glimpse:
    """The little that is certain about a mail that nobody may parse."""

    sender: Address
    subject: str
    message_id: str


def glimpse(raw: bytes) -> Glimpse:
    """Sender, subject and Message-ID of any bytes at all."""
    head = message_from_bytes(header_block(raw[:GLIMPSED]) + b"\n\n")
    senders = addresses(head, "from")
    ids = message_ids(head, "message-id")
    return Glimpse(senders[0] if senders else Address(""), text_of(head, "subject"), ids[0] if ids else "")
