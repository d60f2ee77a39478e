"""Who is at the door of a socket or a stream: a signed-in agent, a partner's key, or the bearer of a ticket.

A ticket is bound to one object, works once and for a minute (contract, common rules); so a page on another host, or a tool that
cannot send headers, never needs a key in an address. The places of one viewer are counted here, sockets and streams together.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from helpdesk.core.models import ApiKey, OneTimeToken, User
from helpdesk.core.models.access import fingerprint

TICKET_LIFETIME = timedelta(seconds=60)
MOST_OF_AGENT, MOST_OF_KEY = 30, 2000  # places of one viewer, in one process
Viewer = User | ApiKey


def issue_ticket(viewer: Viewer, *, bound_to: str) -> str:
    """A secret that opens one object ("call:<uuid>") once, within a minute, as this viewer."""
    who = {"user": viewer} if isinstance(viewer, User) else {}
    data = {"bound_to": bound_to, "key": str(viewer.pk) if isinstance(viewer, ApiKey) else ""}
    return OneTimeToken.issue(OneTimeToken.Purpose.SOCKET, lifetime=TICKET_LIFETIME, data=data, **who)[1]


def viewer_at(headers: dict[bytes, bytes], query: bytes, user: Any, *, bound_to: str) -> Viewer | None:
    """Who comes with these: a ticket first, then a key in the header, then the session's user. None: nobody we know."""
    asked = parse_qs(query.decode("latin-1"), max_num_fields=20)
    if "ticket" in asked:
        return _redeem(asked["ticket"][0], bound_to)
    scheme, _space, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return ApiKey.objects.live().filter(key_hash=fingerprint(secret.strip())).first()
    return user if isinstance(user, User) and user.is_active else None


def is_still(viewer: Viewer, session: SessionBase | None) -> bool:
    """Has this viewer kept the rights with which they came? `session` is the one that they came with, if any."""
    if isinstance(viewer, ApiKey):
        fresh = ApiKey.objects.live().filter(pk=viewer.pk).first()
        return fresh is not None and (fresh.scopes, fresh.queues) == (viewer.scopes, viewer.queues)
    if session is not None:
        return same_person(viewer, session)
    return User.objects.filter(pk=viewer.pk, is_active=True, role=viewer.role).exists()


def same_person(viewer: User, session: SessionBase | None) -> bool:
    """Is this session still signed in, as the same person in the same role?"""
    fresh = User.objects.filter(pk=viewer.pk, is_active=True).first()
    if fresh is None or fresh.role != viewer.role or session is None or not session.session_key:
        return False
    stored = import_module(settings.SESSION_ENGINE).SessionStore(session.session_key)  # read anew: the scope's copy is as old as the socket
    known = stored.get("_auth_user_hash", "")
    hashes = (fresh.get_session_auth_hash(), *fresh.get_session_auth_fallback_hash())
    return stored.get("_auth_user_id") == str(viewer.pk) and any(constant_time_compare(known, one) for one in hashes)


class Places:
    """How many sockets and streams each viewer has open in this process."""

    def __init__(self) -> None:
        self._taken: Counter[UUID] = Counter()

    def take(self, viewer: Viewer) -> bool:
        """False when they have as many as they may."""
        most = MOST_OF_KEY if isinstance(viewer, ApiKey) else MOST_OF_AGENT
        if self._taken[viewer.pk] >= most:
            return False
        self._taken[viewer.pk] += 1
        return True

    def give_back(self, viewer: Viewer) -> None:
        self._taken[viewer.pk] -= 1
        if self._taken[viewer.pk] <= 0:
            del self._taken[viewer.pk]


places = Places()


def _redeem(secret: str, bound_to: str) -> Viewer | None:
    """The ticket is spent by whoever comes first; for another object it opens nothing, and is left as it is."""
    ticket = OneTimeToken.find(OneTimeToken.Purpose.SOCKET, secret[:200])
    if ticket is None or ticket.data.get("bound_to") != bound_to:
        return None
    if not OneTimeToken.objects.filter(pk=ticket.pk, used_at__isnull=True).update(used_at=timezone.now()):
        return None
    if ticket.user_id:
        return User.objects.filter(pk=ticket.user_id, is_active=True).first()
    return ApiKey.objects.live().filter(pk=ticket.data["key"]).first()
