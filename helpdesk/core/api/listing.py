"""Lists and objects as partners read them: a page in the shape that was asked for, an object with its ETag."""

from __future__ import annotations

from typing import Any

from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from .paging import Cursor, refuse_unknown
from .shaping import Shape, tagged


class Listed(generics.GenericAPIView):  # type: ignore[type-arg]
    """A view of many. `note` is told what a page showed."""

    pagination_class = Cursor

    def listed(self, request: Request) -> Response:
        shape = Shape.asked(request, self.serializer_class)
        page = self.paginate_queryset(shape.fetching(self.filter_queryset(self.get_queryset())))
        self.note(request, page or [])
        return self.get_paginated_response(shape.of(page, many=True))

    def note(self, request: Request, page: Any) -> None:
        """Write down whose data was read. Nothing, where a page names no customer."""


class Shown(generics.GenericAPIView):  # type: ignore[type-arg]
    """A view of one."""

    pagination_class = None
    filter_backends = ()

    def shown(self, request: Request, found: Any, status: int = 200, *, version: str = "") -> Response:
        """The object as it was asked for. Its ETag is of the whole, whatever part of it is shown."""
        refuse_unknown(request, self)
        shape = Shape.asked(request, self.serializer_class)
        answer = tagged(self.whole(found), status, version=version)
        if shape.fields or shape.expand:
            answer.data = shape.of(found)
        return answer

    def whole(self, found: Any) -> Any:
        serializer: Any = self.serializer_class
        return serializer(found).data
