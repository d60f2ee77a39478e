"""A person who signs out leaves at once: the open pages of that session are told, and their sockets shut."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from helpdesk.core import realtime
from helpdesk.core.models import User


def fingerprint(session_key: str) -> str:
    """Names a session without being it: what goes through Redis must not let anyone in."""
    return sha256(f"session:{session_key}".encode()).hexdigest()


@receiver(user_logged_out, dispatch_uid="core.leaving")
def tell(sender: Any, request: HttpRequest, user: User | None, **_rest: Any) -> None:
    """Django says this just before it clears the session, so the hint names the session instead of asking to look at it."""
    if user is not None and request.session.session_key:
        left = fingerprint(request.session.session_key)
        realtime.broadcast(f"agent.{user.pk}", {"type": "signed_out", "session": left})
