"""What we ask of a CRM, whoever sells it. One file a vendor; their words and errors stop there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import phonenumbers

from helpdesk.core.errors import HelpdeskError, Unavailable

HISTORY = 20  # cases of a customer that are shown
PAGE = 100  # people of one page of changes


class CrmUnavailable(Unavailable):
    """It does not answer, or asks us to come back later. What we last knew stands, with its age."""

    def __init__(self, detail: str = "", *, wait: float | None = None) -> None:
        super().__init__(detail)
        self.wait = wait  # seconds that it asked for


class CrmRefused(HelpdeskError):
    """It does not accept our credentials, or what we wrote. Trying again without a change is useless."""

    code = "crm-refused"
    status = 502


class CrmChanged(CrmRefused):
    """Its answer has another shape than its documentation says."""

    code = "crm-changed"


@dataclass(frozen=True)
class Person:
    """A customer as the CRM knows them. What it does not say is empty."""

    remote_id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    tier: str = ""
    owner: str = ""
    satisfaction: float | None = None  # 0..5
    total_cases: int | None = None
    url: str = ""
    changed_at: str = ""  # ISO 8601


@dataclass(frozen=True)
class RemoteCase:
    """One case or ticket of theirs."""

    remote_id: str
    subject: str
    status: str
    created_at: str = ""  # ISO 8601
    url: str = ""
    priority: str = ""


@dataclass(frozen=True)
class Case:
    """One of our tickets, solved or ended, as a CRM is told of it."""

    number: str  # ours; the vendor keeps it as the external id, so that telling twice makes one case
    subject: str
    description: str
    status: str  # ours: new, open, pending, on_hold, resolved, closed
    priority: str = "normal"
    channel: str = ""
    url: str = ""
    comment: str = ""  # the latest word, for vendors that keep a conversation
    person: Mapping[str, str] = field(default_factory=dict)  # {"remote_id", "email", "phone", "name"}

    @property
    def is_over(self) -> bool:
        return self.status in ("resolved", "closed")


@dataclass(frozen=True)
class Changes:
    """One page of people who changed. `cursor` is where to go on; `more` whether there is more now."""

    people: Sequence[Person]
    cursor: str
    more: bool


class Crm(Protocol):
    """Every call raises CrmUnavailable, CrmRefused or CrmChanged, and nothing else."""

    def find(self, *, email: str, phone: str) -> Person | None: ...

    def history(self, person: Person) -> list[RemoteCase]: ...

    def save_case(self, case: Case, *, remote_id: str = "") -> str:
        """Create the case or bring it up to date; returns their id. Safe to repeat."""
        ...

    def changes(self, cursor: str) -> Changes:
        """People who changed since the cursor ("" is: since now)."""
        ...


@dataclass(frozen=True)
class Field:
    """One credential that a vendor asks for."""

    name: str
    label: str
    secret: bool = True
    help: str = ""


def taken(row: Any, *path: str) -> Any:
    """Follow keys into an answer. Raises CrmChanged where one is missing: a wrong guess would be worse than an error."""
    for key in path:
        if not isinstance(row, dict) or key not in row:
            raise CrmChanged(f"The answer has no “{'.'.join(path)}”.")
        row = row[key]
    return row


def text(row: Any, name: str, most: int = 300) -> str:
    """An optional text of an answer."""
    value = row.get(name) if isinstance(row, dict) else None
    return "" if value is None else str(value).replace("\x00", "")[:most]


def spellings(phone: str) -> list[str]:
    """The ways in which people write one number (E.164): systems compare letter by letter."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return [phone] if phone else []
    kinds = (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.NATIONAL)
    return list(dict.fromkeys(phonenumbers.format_number(number, kind) for kind in kinds))


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
