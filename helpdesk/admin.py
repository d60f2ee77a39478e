"""The front page of the back office begins with the supervisors' board; figures and alerts can be read there."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from helpdesk.backoffice import dashboard
from helpdesk.backoffice.metrics.scope import Scope

_plain_index = admin.site.index


def _index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    overseeing = getattr(request.user, "oversees", False)
    return _plain_index(request, {**(extra_context or {}), **(dashboard.shown(Scope.asked(request.GET)) if overseeing else {})})


admin.site.index = _index  # type: ignore[method-assign,assignment]
