"""The cache: a Redis that is away is an empty cache, never an error page and never a long wait (security F08)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

from .absence import redis

log = logging.getLogger(__name__)
T = TypeVar("T")


class _LastingClients(RedisCacheClient):
    """A client of the library is safe to share, and making one costs more than asking it: one for each server, not for each question."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made: dict[int, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        server = self._get_connection_pool_index(write)  # type: ignore[attr-defined]  # the stubs leave it out
        if server not in self._made:
            self._made[server] = super().get_client(key, write=write)
        return self._made[server]


class PatientRedisCache(RedisCache):
    """Django's Redis cache, which shrugs. Only `ping` raises, and `incr`, as for a key that is not there (ValueError)."""

    def __init__(self, server: Any, params: Any) -> None:
        super().__init__(server, params)
        self._class = _LastingClients

    def count(self, key: Any, timeout: int, by: int = 1) -> int:
        """So many more, in one exchange; a key that was not there begins at 0 and lasts `timeout` seconds. 0 when Redis is away."""

        def work() -> int:
            with self._cache.get_client(None, write=True).pipeline(transaction=False) as steps:
                name = self.make_and_validate_key(key)
                steps.set(name, 0, ex=timeout, nx=True)
                steps.incrby(name, by)
                return int(steps.execute()[1])

        return self._try(work, 0)

    def ping(self) -> None:
        """Raises RedisError when Redis does not answer."""
        self._cache.get_client(None).ping()

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: super(PatientRedisCache, self).get(key, default, version), default)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._try(lambda: super(PatientRedisCache, self).get_many(keys, version), {})

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: super(PatientRedisCache, self).has_key(key, version), False)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        # True when Redis is away, as in an empty cache: who takes turns by `add` goes on, and sign-in's limit does not refuse everybody.
        return self._try(lambda: super(PatientRedisCache, self).add(key, value, *args, **kwargs), True)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._try(lambda: super(PatientRedisCache, self).set(key, value, *args, **kwargs), None)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._try(lambda: super(PatientRedisCache, self).set_many(data, *args, **kwargs), list(data))

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(PatientRedisCache, self).touch(key, *args, **kwargs), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: super(PatientRedisCache, self).delete(key, version), False)

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._try(lambda: super(PatientRedisCache, self).delete_many(keys, version), None)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        counted = self._try(lambda: super(PatientRedisCache, self).incr(key, delta, version), None)
        if counted is None:
            raise ValueError(f"Key {key!r} not found: the cache is away.")
        return counted

    def clear(self) -> None:
        self._try(lambda: super(PatientRedisCache, self).clear(), None)

    @staticmethod
    def _try(work: Callable[[], T], otherwise: T) -> T:
        if redis.is_away():
            return otherwise
        try:
            return work()
        except (RedisError, OSError) as error:
            redis.did_not_answer()
            log.warning("cache_unavailable", extra={"error": type(error).__name__})
            return otherwise
