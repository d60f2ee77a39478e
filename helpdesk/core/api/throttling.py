"""Requests a minute for each key, counted atomically in Redis. Without Redis nobody is refused: partners must get through."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
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
        try:
            return int(cache.incr(name))
        except ValueError:  # the minute's first request
            return PerKeyThrottle._begin(name)
        except RedisError as error:
            log.warning("rate_limit_not_counted", extra={"error": repr(error)})
            return 0

    @staticmethod
    def _begin(name: str) -> int:
        try:
            return 1 if cache.add(name, 1, timeout=2 * WINDOW) else int(cache.incr(name))
        except (RedisError, ValueError) as error:
            log.warning("rate_limit_not_counted", extra={"error": repr(error)})
            return 0
