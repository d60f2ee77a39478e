"""`fields=` and `expand=`: what of an object is answered, and which of its references as whole objects; and the ETag of what is answered.

class TicketSerializer(Shaped, serializers.Serializer[Any]):
    expandable = {"customer": Expansion(CustomerSerializer, ("customer__contact_points",))}

Shape.asked(request, TicketSerializer).of(ticket)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from .base import Stale, etag


@dataclass(frozen=True)
class Expansion:
    """A reference as a whole object: by which serializer, and what must be fetched with the page for it."""

    serializer: Callable[..., Any]
    fetched: tuple[str, ...] = ()


class Shaped:
    """Mixed into a serializer that partners may ask in parts."""

    expandable: ClassVar[dict[str, Expansion]] = {}

    def __init__(self, *args: Any, fields: Collection[str] | None = None, expand: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine: Any = self.fields  # type: ignore[attr-defined]
        for name in expand:
            mine[name] = self.expandable[name].serializer(allow_null=True, source=_source(mine[name], name))
        for name in set(mine) - set(fields) if fields is not None else ():
            del mine[name]


@dataclass(frozen=True)
class Shape:
    serializer: Any
    fields: tuple[str, ...] | None
    expand: tuple[str, ...]

    @classmethod
    def asked(cls, request: Request, serializer: Any) -> Shape:
        """Raises ValidationError for a field or a reference that there is not."""
        fields = _names(request, "fields", serializer().fields)
        return cls(serializer, fields or None, _names(request, "expand", serializer.expandable))

    def fetching(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With what the expansions read, so that a page costs the same number of queries whatever its length."""
        needed = [path for name in self.expand for path in self.serializer.expandable[name].fetched]
        return rows.prefetch_related(*needed) if needed else rows

    def of(self, found: Any, *, many: bool = False) -> Any:
        return self.serializer(found, many=many, fields=self.fields, expand=self.expand).data


def tagged(data: Any, status: int = 200, *, version: str = "") -> Response:
    """One object with its ETag: its version where it has one, else a hash of what is answered."""
    return Response(data, status=status, headers={"ETag": etag(version or content_tag(data))})


def content_tag(data: Any) -> str:
    """The same for the same content; 24 hexadecimal digits."""
    return hashlib.sha256(json.dumps(data, cls=JSONEncoder, sort_keys=True).encode()).hexdigest()[:24]


def refuse_changed(request: Request, data: Any) -> None:
    """`If-Match` against the object as it would be answered whole. Raises Stale (412)."""
    given = request.headers.get("If-Match")
    if given and given != "*" and etag(content_tag(data)) not in [tag.strip().removeprefix("W/") for tag in given.split(",")]:
        raise Stale(_("The object changed since you read it. Read it again, then try again."))


def parameters(serializer: Any) -> list[OpenApiParameter]:
    """`fields` and `expand` as they stand in the OpenAPI document."""
    said = [
        OpenApiParameter("fields", str, description=_("Only these, with commas between: %(all)s") % {"all": ", ".join(serializer().fields)})
    ]
    if serializer.expandable:
        known = ", ".join(serializer.expandable)
        said.append(OpenApiParameter("expand", str, description=_("As whole objects, with commas between: %(all)s") % {"all": known}))
    return said


def _names(request: Request, parameter: str, known: Collection[str]) -> tuple[str, ...]:
    given = [name.strip() for name in request.query_params.get(parameter, "").split(",") if name.strip()]
    if unknown := [name for name in given if name not in known]:
        raise ValidationError({parameter: [_("There is no “%(name)s” here.") % {"name": unknown[0][:60]}]})
    return tuple(dict.fromkeys(given))


def _source(field: Any, name: str) -> str | None:
    """Where the reference was read from; None where that is its own name, which DRF refuses to hear twice."""
    return field.source if getattr(field, "source", None) not in (None, name) else None
