"""Which ticket a mail belongs to: the signed marks we put into outgoing mail, and how they are read back.

Two marks, both full-length HMAC-SHA256 (a shortened one was guessable elsewhere: CVE-2026-53591):

* the **reply address** `reply+<token>@domain`: the token is bound to one ticket *and* one recipient. It carries no ticket id, because 52
  characters leave no room in the 64 of a local part: delivery stores the token as a `ThreadReference`, intake looks it up there and then
  asks `token_matches(token, ticket.id, sender_address)`. A token that somebody else replies with does not match.
* the **Message-ID** `<uuid>.<signature>@domain`: bound to one Message row. `read_message_id` gives the id back only if the signature holds.

A header match alone is never enough: intake also wants the sender among the ticket's participants. Everything here is pure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings

from .addresses import mail_domain, normalise, reply_mailbox

TOKEN_LENGTH = 52  # base32 of 32 bytes without padding
_TOKEN_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz234567")


def reply_address(ticket_id: UUID, recipient: str) -> str:
    """The address that brings `recipient`'s answer back into this ticket, for Reply-To."""
    local, _, domain = reply_mailbox().partition("@")
    return f"{local}+{reply_token(ticket_id, recipient)}@{domain}"


def reply_token(ticket_id: UUID, recipient: str) -> str:
    """52 lower-case base32 characters, the same for ever for this ticket and this recipient (and this SECRET_KEY)."""
    return _sign(settings.SECRET_KEY, "reply", str(ticket_id), normalise(recipient))


def read_reply_token(address: str) -> str:
    """The token inside one of our reply addresses, or "" when the address is not of that exact form. Says nothing about its truth."""
    local, _, domain = normalise(address).rpartition("@")
    own_local, _, own_domain = reply_mailbox().partition("@")
    name, plus, token = local.partition("+")
    if not plus or name != own_local or domain != own_domain:
        return ""
    return token if len(token) == TOKEN_LENGTH and _TOKEN_LETTERS.issuperset(token) else ""


def token_matches(token: str, ticket_id: UUID, sender: str) -> bool:
    """True only if this token was made for this ticket and this very sender. Constant time; retired keys still count."""
    if len(token) != TOKEN_LENGTH:
        return False
    return any(_same(token, _sign(key, "reply", str(ticket_id), normalise(sender))) for key in _keys())


def message_id(message: UUID) -> str:
    """Message-ID (without angle brackets) of the mail that carries this Message; the same on every attempt and for every recipient."""
    return f"{message.hex}.{_sign(settings.SECRET_KEY, 'message', message.hex)}@{mail_domain()}"


def read_message_id(value: str) -> UUID | None:
    """The Message that one of our own Message-IDs names; None when we did not make it, whatever it looks like."""
    local = value.strip().strip("<>").partition("@")[0].lower()
    digits, _, signature = local.partition(".")
    if len(digits) != 32 or len(signature) != TOKEN_LENGTH:  # noqa: PLR2004 - a UUID in hexadecimal
        return None
    try:
        found = UUID(hex=digits)
    except ValueError:
        return None
    return found if any(_same(signature, _sign(key, "message", found.hex)) for key in _keys()) else None


def loop_mark() -> str:
    """What our outgoing mail carries so that we know it again when it comes back."""
    return _sign(settings.SECRET_KEY, "loop")


def _sign(key: str, purpose: str, *parts: str) -> str:
    # The purpose is part of the key, and the parts are joined by a byte that none can hold: no two meanings share a signature.
    derived = hashlib.sha256(f"helpdesk.mail.{purpose}\0{key}".encode()).digest()
    digest = hmac.new(derived, "\0".join(parts).encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _keys() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from getattr(settings, "SECRET_KEY_FALLBACKS", ())
