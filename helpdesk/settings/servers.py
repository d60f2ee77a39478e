"""Which PostgreSQL and Redis we use: DATABASE_URL and REDIS_URL, or the embedded ones under DATA_DIR."""

import os
from typing import Any
from urllib.parse import parse_qs, urlsplit

import environ
from redis.backoff import NoBackoff
from redis.retry import Retry

from helpdesk.core.embedded import layout
from helpdesk.core.pooled import PooledConnection

from .env import DATA_DIR

_places = layout(DATA_DIR)

# A pool, not CONN_MAX_AGE: kept connections and ASGI exhaust PostgreSQL (security.md, finding 6).
_POOL = {
    "min_size": 0,
    "max_size": int(os.environ.get("DATABASE_POOL_SIZE", "8")),
    "timeout": 10,
    "max_idle": 60,
    "connection_class": PooledConnection,
}


def _database() -> dict[str, Any]:
    found: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": str(_places.sockets),
        "NAME": "helpdesk",
        "USER": "helpdesk",
    }
    if url := os.environ.get("DATABASE_URL"):
        found = dict(environ.Env.db_url_config(url))
    options = {**found.get("OPTIONS", {}), "pool": _POOL}
    return {**found, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def _redis(use: int) -> tuple[str, str]:
    """(Redis URL, Celery URL) of the `use`-th of our three databases, counted from the number in REDIS_URL (1 without one).

    Three, because each is emptied on its own: cache, live updates, and the bells of Celery.
    """
    url = urlsplit(os.environ.get("REDIS_URL") or f"unix://{_places.redis_socket}?db=1")
    query = parse_qs(url.query)
    if url.scheme == "unix":
        first = int(query.get("db", ["0"])[0])
        return f"unix://{url.path}?db={first + use}", f"redis+socket://{url.path}?virtual_host={first + use}"
    first = int(url.path.strip("/") or 0)
    both = url._replace(path=f"/{first + use}").geturl()
    return both, both


DATABASES = {"default": _database()}
# A Redis that is silent, not dead, must not keep pages and mail waiting (security F08): two seconds once, then core.absence.
_SILENCE = {"socket_timeout": 2, "socket_connect_timeout": 2, "retry": Retry(NoBackoff(), 0)}
CACHES = {
    "default": {
        "BACKEND": "helpdesk.core.caching.PatientRedisCache",
        "LOCATION": _redis(0)[0],
        "KEY_PREFIX": "helpdesk",
        "OPTIONS": _SILENCE,
    }
}
# By publishing, not by lists: one command for a hint in place of eight, and a hint may be lost (its readers count).
_LAYER = {"address": _redis(1)[0], "socket_timeout": 15}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [_LAYER]}}}

CELERY_BROKER_URL = _redis(2)[1]
# A killed worker's task is taken up again after at most 5 minutes by the broker; the event sweep is quicker. Longer than
# the longest task (120 s), or it would run twice. Kombu looks for such tasks every interval x throttle seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 30,
    "socket_timeout": 3,  # longer than a worker's longest wait for a task (1 s)
    "max_retries": 0,  # of whoever asks for a task; a worker keeps trying
}
