"""The request of a page that only agents reach, and what its parameters mean."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import User

LONGEST_NUMBER = 18  # digits that a bigint always holds


class AgentRequest(HttpRequest):
    """What a view behind `login_required` is handed: the person is known, and htmx was looked for. For type checkers only."""

    user: User
    htmx: HtmxDetails


def row_number(text: str) -> int | None:
    """The number of a row behind which a page begins, as an address names it; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None
