"""Checking what other systems post."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from helpdesk.core.errors import Invalid

T = TypeVar("T", bound=BaseModel)


def checked(model: type[T], payload: Any) -> T:
    """The payload as that model. Raises Invalid with `errors: {field: [..]}`."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        found: dict[str, list[str]] = {}
        for item in error.errors(include_url=False, include_input=False)[:50]:
            found.setdefault(".".join(map(str, item["loc"])) or "non_field_errors", []).append(item["msg"])
        raise Invalid("Some fields are not valid.", errors=found) from error
