"""The request of a page that only agents reach."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import User


class AgentRequest(HttpRequest):
    """What a view behind `login_required` is handed: the person is known, and htmx was looked for. For type checkers only."""

    user: User
    htmx: HtmxDetails
