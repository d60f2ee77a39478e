"""X-Request-ID: echoed or made, on every log line and every event."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"^[A-Za-z0-9._-]{1,64}$")  # anything else could forge log lines
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request being served in this context, or the empty string in a worker or command."""
    return _current.get()


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Events recorded inside carry this as their request id: what a worker does is found again by it."""
    token = _current.set(what)
    try:
        yield
    finally:
        _current.reset(token)


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if ACCEPTED.match(given) else uuid.uuid4().hex
        token = _current.set(request_id)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
            structlog.contextvars.unbind_contextvars("request_id")
        response[HEADER] = request_id
        return response
