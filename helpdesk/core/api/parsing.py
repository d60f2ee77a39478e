"""JSON that we can keep: no deeper than a person would nest it, and without what PostgreSQL cannot store."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser

DEEPEST = 40  # levels


class StorableJSONParser(JSONParser):
    """Raises ParseError (400) for what is no JSON, ValidationError (400) that names the place for what cannot be stored."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            found = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(_("This is nested too deeply.")) from error
        for place, value in _leaves(found):
            if wrong := _why_not(value):
                raise ValidationError({_readable(place) or "non_field_errors": [wrong]})
        return found


def _leaves(found: Any) -> Iterator[tuple[str, Any]]:
    """Every name and value with its dotted place, without recursion."""
    waiting = [("", found, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if depth > DEEPEST:
            raise ParseError(_("This is nested too deeply."))
        if isinstance(value, dict):
            yield from ((place, name) for name in value)
            waiting += [(f"{place}.{name}" if place else name, one, depth + 1) for name, one in value.items()]
        elif isinstance(value, list):
            waiting += [(place, one, depth + 1) for one in value]
        else:
            yield place, value


def _why_not(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return _("This number is too large.")
    if isinstance(value, str) and "\x00" in value:
        return _("Null characters are not allowed.")
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        return _("This text is not valid Unicode.")
    return ""


def _readable(place: str) -> str:
    return place.encode("utf-8", "replace").decode().replace("\x00", "?")[:200]
