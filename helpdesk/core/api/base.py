"""What endpoints are made of: strict input, ETags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from helpdesk.core.errors import HelpdeskError


class Stale(HelpdeskError):
    """The object changed since you read it."""

    code = "stale"
    status = 412


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not name (security T22), and NUL characters, which PostgreSQL cannot store."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = set(data) - set(self.fields)
            if unknown:
                raise ValidationError({str(name): [_("Unknown field.")] for name in sorted(map(str, unknown))})
        return super().to_internal_value(data)


def etag(version: int | str) -> str:
    return f'"{version}"'


def refuse_stale(request: Request, version: int | str) -> None:
    """Compare `If-Match`, where it was sent, with the version at hand. Raises Stale (412)."""
    given = request.headers.get("If-Match")
    if given and given != "*" and etag(version) not in [tag.strip().removeprefix("W/") for tag in given.split(",")]:
        raise Stale(_("The object changed since you read it. Read it again, then try again."))
