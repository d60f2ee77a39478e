"""From one engine to another without a gap: the old one serves while the worker makes every vector anew under the new one.

EMBEDDING_BACKEND and EMBEDDING_MODEL name the new engine, EMBEDDING_PREVIOUS the old one. Each app that keeps vectors registers how it
makes them again; when a whole round makes none, everything is there, and every process changes over within seconds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from helpdesk.core.models import EmbeddingEngine

from . import Embedder, EmbeddingUnavailable, engine, using

log = logging.getLogger(__name__)

ASKED_EVERY = 5.0  # seconds
SLICE = 90.0  # seconds of one run of the worker: a task ends within 120

Remake = TypeVar("Remake", bound=Callable[..., int])  # one pass over an app's vectors under the present engine; how many were made
_remakes: dict[str, Callable[..., int]] = {}
_ready: set[str] = set()
_asked_at: dict[str, float] = {}


def remakes(name: str) -> Callable[[Remake], Remake]:
    """Register an app's way to make its vectors again. Safe to repeat and to kill: what is there unchanged is skipped."""

    def register(remake: Remake) -> Remake:
        _remakes[name] = remake
        return remake

    return register


def is_ready(name: str) -> bool:
    """Whether this engine has every vector. Asked of the database every few seconds, and never again once it has."""
    if name in _ready:
        return True
    now = time.monotonic()
    if now - _asked_at.get(name, -ASKED_EVERY) < ASKED_EVERY:
        return False
    _asked_at[name] = now
    if EmbeddingEngine.objects.filter(name=name, ready_at__isnull=False).exists():
        _ready.add(name)
    return name in _ready


def go_on() -> bool:
    """A slice of the worker's time for the new engine; whether it is ready now. Nothing to do unless engines change."""
    if not settings.EMBEDDING_PREVIOUS:
        return True
    coming = engine(settings.EMBEDDING_BACKEND, settings.EMBEDDING_MODEL)
    row, _new = EmbeddingEngine.objects.get_or_create(name=coming.name)
    if row.ready_at:
        return True
    try:
        complete = _made_within(coming, time.monotonic() + SLICE)
    except EmbeddingUnavailable as error:  # it comes again with the next slice; the old engine serves meanwhile
        log.warning("embedding_switch_waits", extra={"engine": coming.name, "error": error.detail})
        EmbeddingEngine.objects.filter(pk=row.pk).update(error=error.detail[:500])
        return False
    if complete:
        EmbeddingEngine.objects.filter(pk=row.pk).update(ready_at=timezone.now(), error="")
    return complete


def forget_here() -> None:
    """Ask anew at the next question: tests."""
    _ready.clear()
    _asked_at.clear()


def _made_within(coming: Embedder, until: float) -> bool:
    """Rounds over all apps until one makes nothing (True: everything is there) or the time is up."""
    with using(coming):
        while time.monotonic() < until:
            made = sum(remake() for remake in _remakes.values())
            EmbeddingEngine.objects.filter(name=coming.name).update(made=F("made") + made)
            if not made:
                return True
    return False
