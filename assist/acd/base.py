"""What every telephony provider is to us: it proves who sent a request, and translates it into happenings of a call.

A provider knows nothing of the database. It is handed the account's settings and secrets, and gives back typed values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from assist.calls.parties import Opening
from helpdesk.core.errors import Invalid, NotAllowed, Unavailable
from tickets.channels.charsets import clean_line

Payload = Mapping[str, Any]
CALLER, CALLEE = "caller", "callee"  # who dialled, who was dialled: which of them is the customer depends on the call's direction
DEEPEST = 20  # levels of JSON; providers nest five
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Forged(NotAllowed):
    """The signature is not valid."""

    code = "bad-signature"


class NotUnderstood(Invalid):
    """This is not an event of this provider."""

    code = "not-understood"


class LineDown(Unavailable):
    """The line to the provider is down."""

    code = "line-down"

    def __init__(self, detail: str, *, wait: float = 0.0) -> None:
        super().__init__(detail)
        self.wait = wait  # seconds that the provider wants to be left alone


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One request as it arrived. `urls` are the addresses under which the provider may have known us, the likeliest first."""

    body: bytes
    content_type: str = JSON
    urls: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    address: str = ""  # the sender's IP address

    @property
    def is_json(self) -> bool:
        return self.content_type.partition(";")[0].strip().lower().endswith("json")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The fields of a form, in order, repeated ones included."""
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=300)

    def payload(self) -> dict[str, Any]:
        """The fields. Raises NotUnderstood for what is neither a form nor a JSON object, or cannot be kept."""
        try:
            found = json.loads(self.body) if self.is_json else _form(self.pairs)
        except (ValueError, RecursionError) as error:
            raise NotUnderstood(_("The body is neither a form nor JSON.")) from error

        if not isinstance(found, dict) or _too_deep(found):
            raise NotUnderstood(_("The body must be one JSON object, and not nested deeply."))
        return found


@dataclass(frozen=True, kw_only=True)
class Account:
    """How one provider is set up here."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ringing:
    """A call is offered to someone, or waits for someone."""

    opening: Opening


@dataclass(frozen=True, kw_only=True)
class Started:
    """A call is answered, or is known to run."""

    opening: Opening


@dataclass(frozen=True, kw_only=True)
class Said:
    """One utterance. Either `at` (the provider's clock) or `start_time` (seconds into the call) places it; neither: now."""

    call_id: str
    speaker: str  # customer | agent | system | caller | callee
    text: str
    external_id: str = ""  # partials and their final share it
    final: bool = True
    confidence: float | None = None
    start_time: float | None = None
    duration: float = 0.0  # seconds
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Nobody is on the line any more: completed | abandoned | transferred."""

    call_id: str
    status: str = "completed"
    answered: bool = False  # the provider says that somebody had answered, even if we have not heard of it


@dataclass(frozen=True, kw_only=True)
class LineState:
    """How the line is: held, muted, or somebody makes a sound; None: nothing is said of it.

    With a `conference`, what is told concerns the leg `call_id` alone, which is the caller's when that is the call, else the agent's.
    """

    call_id: str
    conference: str = ""
    on_hold: bool | None = None
    muted: bool | None = None
    speaks: bool | None = None
    at: datetime | None = None
    since: datetime | None = None  # when the holding began


Happening = Ringing | Started | Said | Ended | LineState


@dataclass(frozen=True, kw_only=True)
class Understood:
    """One event of a provider. `event_id` is the same whenever the same event is sent; no happenings: it does not concern us."""

    event_id: str
    kind: str  # the provider's own name for it, as people find it in its documentation
    call_id: str = ""
    happenings: tuple[Happening, ...] = ()
    at: datetime | None = None  # by the provider's clock
    signed_at: datetime | None = None  # the same, where the signature covers it: old ones are replays


@dataclass(frozen=True)
class Reply:
    """What the provider expects as an answer: 204 without a body, else JSON."""

    body: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Field:
    """One setting of a provider, as its form asks for it."""

    name: str
    label: str | Promise
    help: str | Promise = ""
    secret: bool = False  # written, never shown
    required: bool = False
    choices: tuple[tuple[str, str | Promise], ...] = ()
    many: bool = False  # one a line


class Provider(Protocol):
    """One telephony system."""

    slug: str

    @property
    def label(self) -> str | Promise: ...

    @property
    def about(self) -> str | Promise:
        """What it sends, and what to expect of it."""

    @property
    def steps(self) -> tuple[str | Promise, ...]:
        """How to set it up on the other side."""

    @property
    def signed(self) -> bool:
        """Requests prove themselves; else the address is the secret."""

    @property
    def fields(self) -> tuple[Field, ...]: ...

    def verify(self, incoming: Incoming, account: Account) -> None:
        """Raises Forged."""

    def understand(self, payload: Payload, account: Account) -> Understood:
        """Raises NotUnderstood for what does not come from this provider."""

    def reply(self, payload: Payload, account: Account) -> Reply: ...

    def sample(self, account: Account, urls: tuple[str, ...]) -> Incoming:
        """An event of a call that does not exist, as the provider would send it now."""


class Line(Protocol):
    """A connection that we keep open to a provider, and that brings the same events as its webhooks would."""

    def open(self, running: Iterable[str]) -> None:
        """Ask for all that is to come, and how the calls that run here stand by now. Raises LineDown, AddressRefused, Unreachable."""

    def read(self, seconds: float) -> Incoming | None:
        """The next event; None when none came in `seconds`. Raises as `open` does: then it is to be opened again."""

    def close(self) -> None: ...


def text_of(payload: Any, *path: str, most: int = 255) -> str:
    """The text at this place of a payload, as one line that can be stored and shown: "" where there is none or something else."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, Mapping) else None
    if isinstance(payload, int | float) and not isinstance(payload, bool):
        payload = str(payload)
    return clean_line(payload[: 4 * most])[:most] if isinstance(payload, str) else ""


def json_of(value: Any) -> dict[str, Any]:
    """A field or frame that holds a JSON object as text; {} for anything else."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def share_of(value: Any) -> float | None:
    """A confidence from 0 to 1; None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number <= 1 else None


def moment_of(value: Any) -> datetime | None:
    """Seconds or milliseconds since 1970, ISO 8601, or the date of a mail (RFC 2822); None for anything else."""
    try:
        if isinstance(value, int | float) or str(value).replace(".", "", 1).isdigit():
            number = float(value)
            return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, tz=UTC)  # noqa: PLR2004 - the year 5138 in seconds
        found = parse_datetime(str(value)) or parsedate_to_datetime(str(value))
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def digest_of(payload: Payload) -> str:
    """An event id for providers that give none: the same fields, the same event."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _too_deep(found: Any) -> bool:
    waiting = [(found, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            return True
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting += [(child, depth + 1) for child in children]
    return False


def _form(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A field that is repeated, or named `user[]`, is a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            found.setdefault(name.removesuffix("[]"), []).append(value)
        elif name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found
