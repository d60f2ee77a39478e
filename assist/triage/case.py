"""What triage is given: one ticket's words, who wrote them, and what they wrote before."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from helpdesk.core.errors import Invalid

LONGEST_BODY = 200_000  # characters; more than that is no message a person wrote


class Profile(BaseModel):
    """The customer as the contract shows them."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True, extra="ignore")

    customer_id: str = ""
    name: str = ""
    tier: str = ""
    previous_tickets: int = 0
    satisfaction_score: float | None = None  # 0..5
    technical_level: str = ""  # beginner | intermediate | advanced


class Turn(BaseModel):
    """One earlier message of the customer; `polarity` and `frustration` are what was found when it arrived."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    polarity: float | None = None
    frustration: float | None = None


class Case(BaseModel):
    """The contract's input (section 4), plus what only the product knows."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True, extra="ignore", populate_by_name=True)

    ticket_id: str = Field(default="", validation_alias=AliasChoices("ticket_id", "id"), max_length=200)
    subject: str = Field(default="", max_length=2000)
    body: str = Field(default="", validation_alias=AliasChoices("body", "content"), max_length=LONGEST_BODY)
    customer_id: str = Field(default="", max_length=200)
    customer: Profile = Profile()
    metadata: dict[str, Any] = Field(default_factory=dict)
    language: str = ""
    earlier: tuple[Turn, ...] = ()  # oldest first
    received_at: datetime | None = None

    @field_validator("subject", "body", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        """PostgreSQL stores no NUL character; a missing text is an empty one."""
        return "" if value is None else value.replace("\x00", "") if isinstance(value, str) else value

    @field_validator("customer_id", "ticket_id", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("metadata", "customer", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.subject.strip() and not self.body.strip():
            raise ValueError("a ticket needs a subject or a body")
        return self

    @property
    def tier(self) -> str:
        """The plan by its lower-case name; unknown ones are kept as given."""
        given = self.metadata.get("customer_tier") or self.metadata.get("tier") or self.customer.tier
        return str(given or "").strip().lower()

    @property
    def text(self) -> str:
        return "\n".join(part for part in (self.subject.strip(), self.body.strip()) if part)

    @classmethod
    def read(cls, data: Any) -> Case:
        """Check a JSON object. Raises Invalid with `errors: {field: [..]}`."""
        if not isinstance(data, dict):
            raise Invalid("A ticket is a JSON object", errors={"non_field_errors": ["expected an object"]})
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise Invalid("The ticket is not valid", errors=_by_field(error)) from error


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in item["loc"]) or "non_field_errors"
        found.setdefault(field, []).append(item["msg"].removeprefix("Value error, "))
    return found


def parse_line(line: str) -> Case:
    """One JSON object as text. Raises Invalid."""
    try:
        return Case.read(json.loads(line))
    except (json.JSONDecodeError, RecursionError) as error:
        raise Invalid(f"not JSON: {error}", errors={"non_field_errors": ["not JSON"]}) from error
