"""Base classes of endpoints: strict serializers, cursor pages, ETags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
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


class Cursor(CursorPagination):
    """`limit` (1 to 100, 25 without it), `cursor`, `next` and `previous` links; the same cost at any depth."""

    page_size = 25
    page_size_query_param = "limit"
    max_page_size = 100
    ordering: tuple[str, ...] = ("-created_at", "-id")
    allowed: tuple[str, ...] = ("created_at", "updated_at")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, TypeError, ArithmeticError, DataError, DjangoValidationError) as error:  # a position that we never gave out
            raise NotFound(self.invalid_cursor_message) from error

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        wanted = request.query_params.get("ordering")
        if not wanted:
            return self.ordering
        field = wanted.removeprefix("-")
        if field not in self.allowed:
            raise ValidationError({"ordering": [_("Choose one of: %(fields)s.") % {"fields": ", ".join(self.allowed)}]})
        return (wanted, "-id" if wanted.startswith("-") else "id")


def etag(version: int | str) -> str:
    return f'"{version}"'


def refuse_stale(request: Request, version: int | str) -> None:
    """Compare `If-Match`, where it was sent, with the version at hand. Raises Stale (412)."""
    given = request.headers.get("If-Match")
    if given and given != "*" and etag(version) not in [tag.strip().removeprefix("W/") for tag in given.split(",")]:
        raise Stale(_("The object changed since you read it. Read it again, then try again."))
