"""Pages of lists: `limit`, `cursor`, `ordering`. A cursor holds the values that a page ended at, so any depth costs the same."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

OURS = frozenset(("limit", "cursor", "ordering", "fields", "expand", "format"))
LONGEST_CURSOR = 1_000


@dataclass(frozen=True)
class Place:
    """Where a page begins: behind the row with this value and id; `backwards` for the pages before it."""

    value: Any
    pk: Any
    backwards: bool = False


class Cursor(BasePagination):
    """`limit` (1 to 100, 25 without it), `cursor`, `ordering` by one of `allowed`; `next` and `previous` links."""

    usual, most = 25, 100
    ordering: tuple[str, ...] = ("-created_at", "-id")
    allowed: tuple[str, ...] = ("created_at", "updated_at")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        refuse_unknown(request, view)
        name, descending = self._order(request)
        place = self.read(request.query_params.get("cursor"), queryset, name)
        limit, backwards = self._limit(request), bool(place and place.backwards)
        rows = self.behind(queryset, name, place, descending=descending != backwards)
        found = list(rows[: limit + 1])
        more, page = len(found) > limit, found[:limit]
        if backwards:
            page.reverse()
        ends: list[Place | None] = [self.place(one, name) for one in (page[:1] + page[-1:])] or [place]
        self._address = request.build_absolute_uri()
        self._next = ends[-1] if (more or backwards) else None
        self._previous = ends[0] if (more if backwards else place) else None
        return page

    def read(self, cursor: str | None, queryset: QuerySet[Any], name: str) -> Place | None:
        """The place in a cursor. Raises ValidationError."""
        return _read(cursor, queryset.model, name)

    def behind(self, queryset: QuerySet[Any], name: str, place: Place | None, *, descending: bool) -> QuerySet[Any]:
        return _behind(queryset, name, place, descending=descending)

    def place(self, one: Any, name: str) -> Place:
        """Where this row stands."""
        return Place(getattr(one, name), one.pk)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._link(self._next), "previous": self._link(self._previous, backwards=True), "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri", "example": None}  # of a page that is the only one
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        orders = [sign + name for name in self._fields() for sign in ("", "-")]
        limit = {"type": "integer", "minimum": 1, "maximum": self.most, "default": self.usual}
        return [
            _parameter("limit", limit, _("Objects a page")),
            _parameter("cursor", {"type": "string", "maxLength": LONGEST_CURSOR}, _("From `next` or `previous`")),
            _parameter("ordering", {"type": "string", "enum": orders, "default": self.ordering[0]}, _("A field; with - from the last")),
        ]

    def _order(self, request: Request) -> tuple[str, bool]:
        wanted = request.query_params.get("ordering") or self.ordering[0]
        if wanted.removeprefix("-") not in self._fields():
            raise ValidationError({"ordering": [_("Choose one of: %(fields)s.") % {"fields": ", ".join(self._fields())}]})
        return wanted.removeprefix("-"), wanted.startswith("-")

    def _fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.ordering[0].removeprefix("-"), *self.allowed)))

    def _limit(self, request: Request) -> int:
        given = request.query_params.get("limit")
        if given is None:
            return self.usual
        if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= self.most or len(given) > len(str(self.most)):
            raise ValidationError({"limit": [_("Give a number from 1 to %(most)d.") % {"most": self.most}]})
        return int(given)

    def _link(self, place: Place | None, *, backwards: bool = False) -> str | None:
        if place is None:
            return None
        return replace_query_param(self._address, "cursor", _written(Place(place.value, place.pk, backwards)))


class NewestFirst(Cursor):
    """Of a list that has no other order."""

    allowed = ("created_at",)


def refuse_unknown(request: Request, view: Any) -> None:
    """A filter with a typing error in it must not answer with everything. Raises ValidationError that names it."""
    filters = getattr(view, "filterset_class", None)
    known = OURS | set(filters.base_filters if filters else ()) | set(getattr(view, "parameters", ()))
    if unknown := sorted(set(request.query_params) - known):
        raise ValidationError({name[:100]: [_("Unknown parameter.")] for name in unknown[:20]})


def _behind(queryset: QuerySet[Any], name: str, place: Place | None, *, descending: bool) -> QuerySet[Any]:
    """In order, from the place on. The first condition is the one that an index on the field alone can use."""
    sign, beyond = ("-", "lt") if descending else ("", "gt")
    rows = queryset.order_by(f"{sign}{name}", f"{sign}pk") if name not in ("id", "pk") else queryset.order_by(f"{sign}pk")
    if place is None:
        return rows
    if name in ("id", "pk"):
        return rows.filter(**{f"pk__{beyond}": place.pk})
    tied = Q(**{name: place.value, f"pk__{beyond}": place.pk})
    return rows.filter(**{f"{name}__{beyond}e": place.value}).filter(Q(**{f"{name}__{beyond}": place.value}) | tied)


def _written(place: Place) -> str:
    parts = [force_str(place.value.isoformat() if hasattr(place.value, "isoformat") else place.value), str(place.pk), int(place.backwards)]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _read(cursor: str | None, model: type[models.Model], name: str) -> Place | None:
    """Raises ValidationError for a cursor that we never gave out."""
    if not cursor:
        return None
    try:
        value, pk, backwards = json.loads(base64.urlsafe_b64decode(cursor[:LONGEST_CURSOR].encode() + b"=="))
        field, key = model._meta.get_field(name), model._meta.pk
        if not isinstance(value, str) or not isinstance(pk, str) or key is None or "\x00" in value + pk:
            raise ValueError(cursor)
        return Place(_within(field, value), _within(key, pk), bool(backwards))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error, DjangoValidationError, FieldDoesNotExist) as error:
        raise ValidationError({"cursor": [_("This is not a cursor of this list.")]}) from error


def _within(field: Any, text: str) -> Any:
    """The value as the column holds it. Raises ValidationError for what it cannot hold."""
    value = field.to_python(text)
    if value is None:
        raise ValueError(text)
    field.run_validators(value)
    return value


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
