"""Every path answers with and without its trailing slash, without a redirect: a redirected POST loses its body (contract)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import get_urlconf, is_valid_path

REMEMBERED = 1024  # paths; machines ask for the same ones again and again
LONGEST_REMEMBERED = 200  # characters


class EitherSlashMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        other = path[:-1] if path.endswith("/") else f"{path}/"
        if other and not _is_valid(path) and _is_valid(other):
            request.path_info = other
        return self.get_response(request)


def _is_valid(path: str) -> bool:
    urls = get_urlconf() or settings.ROOT_URLCONF
    return _leads_somewhere(path, urls) if len(path) <= LONGEST_REMEMBERED else bool(is_valid_path(path, urls))


@lru_cache(maxsize=REMEMBERED)
def _leads_somewhere(path: str, urls: str) -> bool:
    """To find that a path leads nowhere, every pattern is tried."""
    return bool(is_valid_path(path, urls))
