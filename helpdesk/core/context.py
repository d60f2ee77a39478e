"""What every page knows: the product's name and the reader's theme."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    theme = getattr(user, "theme", None) or request.COOKIES.get("theme", "auto")
    return {"product_name": settings.PRODUCT_NAME, "theme": theme if theme in ("auto", "light", "dark") else "auto"}
