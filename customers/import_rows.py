"""Rows of another system's customers, read from CSV, JSON or JSON Lines and understood by a mapping of columns."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from customers.identity import normal_email, normal_phone
from customers.models import Customer
from helpdesk.core.decoding import decoded
from helpdesk.core.errors import Invalid

MOST_BYTES = 200_000_000
MOST_COLUMNS = 200
CREATED, CHANGED, UNCHANGED, SKIPPED = "created", "changed", "unchanged", "skipped"
REASONS_KEPT = 500

# Our field: what other systems call it, in small letters and digits only.
NAMES: dict[str, tuple[str, ...]] = {
    "external_id": ("externalid", "id", "customerid", "userid", "contactid", "recordid", "kundennummer"),
    "name": ("name", "fullname", "displayname", "customername", "contactname"),
    "first_name": ("firstname", "givenname", "vorname"),
    "last_name": ("lastname", "surname", "familyname", "nachname"),
    "email": ("email", "emailaddress", "mail", "primaryemail", "e_mail"),
    "phone": ("phone", "phonenumber", "telephone", "mobile", "mobilephone", "telefon", "tel"),
    "organisation": ("organisation", "organization", "company", "companyname", "account", "accountname", "firma"),
    "tier": ("tier", "plan", "level", "segment", "subscription"),
    "title": ("title", "jobtitle", "position", "role"),
    "language": ("language", "locale", "lang", "sprache"),
    "time_zone": ("timezone", "tz", "zeitzone"),
    "technical_level": ("technicallevel", "expertise"),
}
LONGEST = {"name": 200, "tier": 40, "title": 150, "language": 12, "time_zone": 64, "technical_level": 12}  # characters, as the columns
PLAIN = tuple(LONGEST)  # columns of Customer, taken over as they are

Row = dict[str, Any]


@dataclass
class Report:
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((CREATED, CHANGED, UNCHANGED, SKIPPED), 0))
    skipped: list[dict[str, str]] = field(default_factory=list)  # [{"source": "line 3", "reason": "..."}], the first 500
    encoding: str = "utf-8"

    def leave_out(self, source: str, reason: str) -> None:
        self.counts[SKIPPED] += 1
        if len(self.skipped) < REASONS_KEPT:
            self.skipped.append({"source": source, "reason": reason})


@dataclass
class Incoming:
    """One row, understood."""

    source: str
    external_id: str
    email: str
    phone: str
    fields: dict[str, str]  # of Customer
    organisation: str
    attributes: dict[str, str]

    @property
    def keys(self) -> list[tuple[str, str]]:
        """By what the customer is known, the surest first."""
        pairs = (("external_id", self.external_id), ("email", self.email), ("phone", self.phone))
        return [pair for pair in pairs if pair[1]]

    @property
    def addresses(self) -> list[tuple[str, str]]:
        return [pair for pair in self.keys if pair[0] != "external_id"]


def columns_of(path: Path) -> list[str]:
    """The names of the file's columns, in its order. Raises Invalid for a file that is none of the kinds."""
    first = next(iter(rows(path)), None)
    if first is None:
        raise Invalid(f"{path.name}: there is no row in it.")
    return list(first[1])[:MOST_COLUMNS]


def guess(columns: Iterable[str]) -> dict[str, str]:
    """Which column is which of our fields, as far as their names tell."""
    plain = {re.sub(r"[^a-z0-9_]", "", column.lower()).replace("_", ""): column for column in columns}
    found = {ours: next((plain[name] for name in names if name in plain), "") for ours, names in NAMES.items()}
    return {ours: column for ours, column in found.items() if column}


def sample(path: Path, most: int = 5) -> list[Row]:
    """The first rows, for people to look at."""
    return [row for _source, row in islice(rows(path), most)]


def rows(path: Path, report: Report | None = None) -> Iterator[tuple[str, Row]]:
    """(where it stands, row) of any kind of file."""
    if path.stat().st_size > MOST_BYTES:
        raise Invalid(f"{path.name}: larger than {MOST_BYTES // 1_000_000} MB.")
    text, encoding = decoded(path.name, path.read_bytes(), MOST_BYTES)
    if report:
        report.encoding = encoding
    start = text.lstrip()[:1]
    if start == "[":
        return _from_list(path.name, text)
    return _from_lines(path.name, text) if start == "{" else _from_table(text)


def _from_list(name: str, text: str) -> Iterator[tuple[str, Row]]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise Invalid(f"{name}, line {error.lineno}: not JSON ({error.msg}).") from error
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise Invalid(f"{name}, entry {number}: not a JSON object.")
        yield f"entry {number}", row


def _from_lines(name: str, text: str) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise Invalid(f"{name}, line {number}: not JSON ({error.msg}).") from error
        if not isinstance(row, dict):
            raise Invalid(f"{name}, line {number}: not a JSON object.")
        yield f"line {number}", row


def _from_table(text: str) -> Iterator[tuple[str, Row]]:
    first = text[:5000].partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="", restval="")
    csv.field_size_limit(1_000_000)
    try:
        for row in reader:
            row.pop("", None)
            yield f"line {reader.line_num}", dict(row)
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num}: this is no table ({error}).") from error


def understood(  # noqa: PLR0917 - one row's way through
    source: str, row: Row, mapping: Mapping[str, str], region: str | None, keep_others: bool, report: Report
) -> Incoming | None:
    said = {ours: _word(row.get(column)) for ours, column in mapping.items() if column}
    email = normal_email(said.get("email", ""))
    if email and not _is_address(email):
        report.leave_out(source, f"“{email[:80]}” is no e-mail address")
        return None
    phone = normal_phone(said["phone"], region) if said.get("phone") else ""
    incoming = Incoming(
        source=source,
        external_id=said.get("external_id", "")[:150],
        email=email,
        phone=phone,
        fields=_fields(said),
        organisation=said.get("organisation", "")[:200],
        attributes=_others(row, mapping) if keep_others else {},
    )
    if not incoming.keys:
        report.leave_out(source, "it has no id, e-mail address or phone number")
        return None
    return incoming


def _fields(said: dict[str, str]) -> dict[str, str]:
    """Values for columns of Customer, within their lengths. A technical level that we do not know is no level."""
    name = said.get("name") or f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
    found = {ours: said.get(ours, "") for ours in PLAIN} | {"name": name, "tier": said.get("tier", "").lower()}
    if found["technical_level"].lower() not in Customer.TechnicalLevel.values:
        found["technical_level"] = ""
    return {ours: value[: LONGEST[ours]] for ours, value in found.items() if value}


def _others(row: Row, mapping: Mapping[str, str]) -> dict[str, str]:
    used = set(mapping.values())
    return {column[:80]: word[:500] for column, value in row.items() if column not in used and (word := _word(value))}


def _word(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return text.replace("\x00", "").strip()


def _is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True
