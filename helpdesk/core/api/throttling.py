"""Requests a minute for each key, counted atomically in Redis. Without Redis nobody is refused: partners must get through."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from helpdesk.core.models import ApiKey

log = logging.getLogger(__name__)
WINDOW = 60  # seconds


class PerKeyThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.user
        if not isinstance(key, ApiKey):
            return True
        limit = key.rate_limit_per_minute or settings.API_RATE_LIMIT_PER_MINUTE
        return self._count(f"api-rate:{key.pk}:{int(time.time()) // WINDOW}") <= limit

    def wait(self) -> float:
        return WINDOW - time.time() % WINDOW

    @staticmethod
    def _count(name: str) -> int:
        """How many in this minute; a Redis that is away counts none, and lets everybody in."""
        return int(cache.count(name, 2 * WINDOW))  # type: ignore[attr-defined]  # ours: helpdesk.core.caching
