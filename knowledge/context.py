"""What every page knows of the state of our systems."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from knowledge.status import pages


def system_status(request: HttpRequest) -> dict[str, Any]:
    """`status_shown`: whether there is a status page worth a link. Read only by pages that ask, and kept as long as that page."""
    return {"status_shown": SimpleLazyObject(pages.has_components)}
