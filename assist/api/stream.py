"""`GET /api/realtime/stream/<session_id>`: the frames of a call as Server-Sent Events.

Idle, a stream holds no database connection and no worker thread is busy with it. `Last-Event-ID` resumes; the numbers are
PostgreSQL's, so a restart of Redis or of this process loses nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from assist.calls.watching import PATIENCE, Frame, Place
from helpdesk.core import realtime
from helpdesk.core.api.problems import plain
from helpdesk.core.models import ApiKey
from helpdesk.core.socket_access import Viewer, is_still, places, viewer_at

log = logging.getLogger(__name__)

BEAT = 15.0  # seconds between two looks at what was missed; proxies close what is silent for 30
RETRY_MS = 2000


@never_cache
async def stream(request: HttpRequest, session_id: UUID) -> HttpResponseBase:
    if request.method != "GET":
        return plain(request, 405, _("Only GET."), code="method-not-allowed")
    if not _same_origin(request):
        return plain(request, 403, _("This is not allowed."), code="not-allowed")
    viewer = await sync_to_async(_who)(request, session_id)
    if viewer is None:
        return plain(request, 401, _("Sign in, or send a key or a ticket."), code="not-authenticated")
    place = Place(viewer, session_id, _last_event_id(request))
    first = await sync_to_async(place.catch_up)()
    if first is None:
        return plain(request, 404, _("There is nothing here that you may see."), code="not-found")
    session = None if isinstance(viewer, ApiKey) or request.user != viewer else request.session
    events = _events(place, first, session)
    return StreamingHttpResponse(events, content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(place: Place, first: list[Frame], session: Any) -> AsyncIterator[str]:
    if not places.take(place.viewer):
        yield _as_event(Frame(None, {"type": "error", "detail": _("Too many open connections.")}))
        return
    try:
        yield f"retry: {RETRY_MS}\n\n"
        async with realtime.Listening(f"call.{place.session_id}") as listening:
            # From here on every question gives its connection back: an idle stream holds none.
            frames: list[Frame] | None = [*first, *(await realtime.ask(place.catch_up) or [])]
            while frames is not None:
                for frame in frames:
                    yield _as_event(frame)
                hint = await listening.next(PATIENCE if place.waits else BEAT)
                frames = place.pass_on(hint) if hint else None
                if frames is None:
                    frames = await realtime.ask(_missed, place, session)
                    yield ": still here\n\n"
    finally:
        places.give_back(place.viewer)


def _missed(place: Place, session: Any) -> list[Frame] | None:
    """What hints did not bring; None when the viewer's rights have ended."""
    return place.catch_up() if is_still(place.viewer, session) else None


def _who(request: HttpRequest, session_id: UUID) -> Viewer | None:
    headers = {b"authorization": request.headers.get("Authorization", "").encode("latin-1", "replace")}
    query = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
    viewer = viewer_at(headers, query, getattr(request.user, "pk", None) and request.user, bound_to=f"call:{session_id}")
    if isinstance(viewer, ApiKey) and not viewer.allows("calls:read"):
        return None
    return viewer


def _same_origin(request: HttpRequest) -> bool:
    """Browsers send Origin across sites: nobody else's page reads a call with an agent's cookie."""
    origin = request.headers.get("Origin")
    return origin is None or origin in settings.CSRF_TRUSTED_ORIGINS or origin == f"{request.scheme}://{request.get_host()}"


def _last_event_id(request: HttpRequest) -> int | None:
    given = request.headers.get("Last-Event-ID", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None  # noqa: PLR2004


def _as_event(frame: Frame) -> str:
    """One event; JSON has no raw line breaks, so one `data:` line holds it."""
    number = f"id: {frame.n}\n" if frame.n is not None else ""
    return f"event: {frame.payload['type']}\n{number}data: {json.dumps(frame.payload)}\n\n"
