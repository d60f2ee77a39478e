"""A model's draft on its way to the screen: words as they come, plain and without places to be sent to.

What is shown meanwhile is not yet checked, so it can be read and not used; the draft that may stand takes its place when it is whole.
A hint that is lost does no harm: each carries all that was said so far, and the last one asks for the draft anew.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from uuid import UUID

from django.core.cache import cache

from assist.models import Draft
from helpdesk.core import realtime

from .grounding import without_places

PACE = 0.05  # seconds between two hints: a reader sees no more
STOPS = 300  # seconds that an agent's word stands: longer than any model may write
_TEXT = re.compile(r'"text"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)')  # as far as whole signs go


class Stopped(Exception):
    """The agent does not want it."""


class Telling:
    """Hears what a model has said so far, and tells those who look at the ticket. Raises Stopped on an agent's word."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._said, self._told = "", ""
        self._told_at, self._looked_at = 0.0, 0.0
        self._later: asyncio.TimerHandle | None = None

    def __call__(self, said: str) -> None:
        """Called in the event loop in which the model is heard."""
        self._said = said
        self._look()
        wait = self._told_at + PACE - time.monotonic()
        if not self._told or wait <= 0:
            self._show()
        elif self._later is None:  # words that come within the pace are shown at its end, also when the model then falls silent
            self._later = asyncio.get_running_loop().call_later(wait, self._show)

    def end(self, *, awaited: bool = False) -> None:
        """It is whole, broken or stopped: what stands is asked for anew. `awaited`: also where no word was told."""
        if self._told or awaited:
            self._tell("draft.done")

    def _look(self) -> None:
        now = time.monotonic()
        if not self._looked_at or now - self._looked_at >= PACE:
            self._looked_at = now
            if cache.get(_key(self._draft.pk)):
                raise Stopped

    def _show(self) -> None:
        self._later = None
        text = so_far(self._said)
        if text and text != self._told:
            self._told, self._told_at = text, time.monotonic()
            self._tell("draft.delta", text=text)

    def _tell(self, kind: str, **more: str) -> None:
        ticket = str(self._draft.ticket_id)
        realtime.tell_now(f"ticket.{ticket}", {"type": kind, "ticket": ticket, "draft": str(self._draft.pk), **more})


def stop(draft_id: UUID) -> None:
    cache.set(_key(draft_id), True, STOPS)


def begin_anew(draft_id: UUID) -> None:
    """It is asked for once more: an earlier Stop no longer counts."""
    cache.delete(_key(draft_id))


def so_far(said: str) -> str:
    """The sentences in the beginning of a JSON answer, the last one up to its last whole word."""
    return "\n".join(filter(None, (_shown(found, said) for found in _TEXT.finditer(said))))


def _shown(found: re.Match[str], said: str) -> str:
    words = _words(found[1])
    return without_places(words if said[found.end() : found.end() + 1] == '"' else _whole(words))


def _whole(words: str) -> str:
    """Without a word or a mark that may still become a link."""
    words = words.rpartition(" ")[0]
    for opens, closes in (("[", ")"), ("<", ">")):
        at = words.rfind(opens)
        if at >= 0 and closes not in words[at:]:
            words = words[:at].rstrip("!")
    return words


def _words(escaped: str) -> str:
    """What a JSON string says; half of a sign that comes in two is left out."""
    try:
        return str(json.loads(f'"{escaped}"', strict=False)).encode("utf-8", "ignore").decode()
    except ValueError:
        return ""


def _key(draft_id: UUID) -> str:
    return f"draft-stopped:{draft_id}"
