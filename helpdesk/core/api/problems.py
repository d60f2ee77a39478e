"""Errors as `application/problem+json` (RFC 9457). No stack trace, no HTML to a JSON client."""

from __future__ import annotations

import math
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.utils.serializer_helpers import ReturnDict

from helpdesk.core.errors import HelpdeskError

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Not valid",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be processed",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Not available now",
}
BUSY = gettext_lazy("Too much is asked for at once. Nothing was changed; try again in a moment.")
AGAIN_AFTER = 1  # seconds


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Returns None for what is a fault of ours: Django then logs it and answers 500."""
    request = context.get("request")
    path = request.path if request else ""
    if isinstance(error, HelpdeskError):
        return _response(error.status, error.detail, path, code=error.code, **dict[str, Any](error.extra))
    if isinstance(error, Http404):
        return _response(404, _("There is nothing here that you may see."), path)
    if isinstance(error, PermissionDenied):
        return _response(403, _("This is not allowed."), path)
    if isinstance(error, exceptions.APIException):
        return _from_drf(error, path)
    if is_out_of_connections(error):
        return _response(503, str(BUSY), path, headers={"Retry-After": str(AGAIN_AFTER)})
    return None


def is_out_of_connections(error: BaseException | None) -> bool:
    """All of the pool's connections were in use for as long as one waits for them (security F10)."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, PoolTimeout)


def _from_drf(error: exceptions.APIException, path: str) -> Response:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if isinstance(error, exceptions.ValidationError):
        fields = error.detail if isinstance(error.detail, dict | ReturnDict) else {"non_field_errors": error.detail}
        return _response(400, _("Some fields are not valid."), path, code="invalid", errors=_flat(fields))
    detail = error.detail if isinstance(error.detail, str) else str(error.default_detail)
    return _response(error.status_code, str(detail), path, headers=headers, code=str(error.default_code).replace("_", "-"))


def _response(code_: int, detail: str, path: str, *, headers: dict[str, str] | None = None, **extra: Any) -> Response:
    return Response(document(code_, detail, path, **extra), status=code_, headers=headers, content_type=CONTENT_TYPE)


def document(status_code: int, detail: str, path: str, *, code: str = "", **extra: Any) -> dict[str, Any]:
    """The problem document itself. `type` is a stable relative reference that clients may compare."""
    title = TITLES.get(status_code, "Error")
    slug = code or title.lower().replace(" ", "-")
    return {"type": f"/problems/{slug}", "title": title, "status": status_code, "detail": detail, "instance": path, **extra}


def plain(request: HttpRequest, status_code: int, detail: str, **extra: Any) -> JsonResponse:
    """A problem for views and middleware outside DRF."""
    return JsonResponse(document(status_code, detail, request.path, **extra), status=status_code, content_type=CONTENT_TYPE)


def _flat(fields: dict[str, Any], prefix: str = "") -> dict[str, list[str]]:
    """Nested serializer errors as `customer.email: [...]`."""
    flat: dict[str, list[str]] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = [str(item) for item in (value if isinstance(value, list | tuple) else [value])]
    return flat
