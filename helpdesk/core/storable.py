"""A NUL in a form or a query comes from a program that tries its luck: PostgreSQL has no place for it, so it is refused at the door."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from django.http import HttpRequest, HttpResponse

from .pages import bad_request


class NoNullMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return bad_request(request) if _has_null(request) else self.get_response(request)


def _has_null(request: HttpRequest) -> bool:
    if "%00" in request.META.get("QUERY_STRING", ""):
        return True
    # JSON has a parser of its own (core.api.parsing); for it POST is empty and the body stays unread.
    return any("\x00" in word for name, values in request.POST.lists() for word in chain((name,), map(str, values)))
