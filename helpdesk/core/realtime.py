"""The one sender of realtime news, and the guard at the sockets' door.

What is sent is a hint ("event 4711 concerns ticket X"), never the truth: consumers read the present state from
PostgreSQL within what their viewer may see, so a lost or doubled hint harms nobody.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)


def broadcast(group: str, payload: dict[str, Any]) -> None:
    """Tell a group, once what we tell is committed. `payload["type"]` names the consumer's method; Redis being away is no error."""
    transaction.on_commit(partial(_send, group, payload))


def _send(group: str, payload: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, payload)
    except Exception as error:  # the layer's backends raise what they like; pages poll when the socket is silent
        log.warning("realtime_unavailable", extra={"group": group, "error": repr(error)})


class SameOriginOnly:
    """Refuse a socket whose Origin is not this site, scheme and port included (security T29).

    Browsers always send Origin; a client without one is no browser and carries its own credential.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket" and not self._welcome(scope):
            await send({"type": "websocket.close", "code": 4403})
            return
        await self.inner(scope, receive, send)

    @staticmethod
    def _welcome(scope: dict[str, Any]) -> bool:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
        origin = headers.get(b"origin")
        if origin is None:
            return True
        if origin in settings.CSRF_TRUSTED_ORIGINS:
            return True
        parts = urlsplit(origin)
        secure = scope.get("scheme") in ("wss", "https") or _forwarded_https(headers)
        return parts.scheme == ("https" if secure else "http") and parts.netloc == headers.get(b"host", "")


def _forwarded_https(headers: dict[bytes, str]) -> bool:
    header = settings.SECURE_PROXY_SSL_HEADER
    if not header:
        return False
    name, value = header
    return headers.get(name.removeprefix("HTTP_").replace("_", "-").lower().encode()) == value
