"""A server that does not answer makes one caller wait, not all of them: for a few seconds nobody else asks it.

if redis.is_away(): return fallback
try: ...
except RedisError: redis.did_not_answer()
"""

from __future__ import annotations

import time

PAUSE_SECONDS = 5.0


class Absence:
    """Remembers, in this process, when a server last failed to answer."""

    def __init__(self, pause: float = PAUSE_SECONDS) -> None:
        self.pause = pause
        self._until = 0.0

    def is_away(self) -> bool:
        """Whether to save oneself the asking."""
        return time.monotonic() < self._until

    def did_not_answer(self) -> None:
        self._until = time.monotonic() + self.pause

    def forget(self) -> None:
        """It may be asked again at once."""
        self._until = 0.0


redis = Absence()  # one for cache, bells and live updates: they are one server
