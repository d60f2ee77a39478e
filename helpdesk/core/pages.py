"""What Django shows when nothing else answers: a calm page for people, problem+json for clients of the API."""

from __future__ import annotations

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from helpdesk.core.api.problems import AGAIN_AFTER, BUSY, is_out_of_connections, plain


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400, _("The request could not be read."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403, _("This is not allowed."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404, _("There is nothing here that you may see."))


def server_error(request: HttpRequest, *_args: Any) -> HttpResponse:
    if is_out_of_connections(sys.exception()):
        return too_busy(request)
    return _answer(request, 500, _("Something broke on our side. Nothing that you sent was changed."))


def too_busy(request: HttpRequest) -> HttpResponse:
    """More is asked for at once than we can answer; the caller may try again in a moment."""
    response = _answer(request, 503, str(BUSY))
    response["Retry-After"] = str(AGAIN_AFTER)
    return response


def _answer(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return plain(request, status, detail)
    return render(request, f"{status}.html", status=status)
