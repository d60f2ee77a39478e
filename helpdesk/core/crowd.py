"""How many requests are in this process now, and whose turn it is. What can wait is put off while others stand in line;
who waits for somebody far away lets others pass."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from django.db import connections

_present = 0  # changed on the event loop only


@contextmanager
def one_more() -> Iterator[None]:
    """A request, from the moment it has come until it is answered. On the event loop."""
    global _present  # noqa: PLW0603 - one number per process
    _present += 1
    try:
        yield
    finally:
        _present -= 1


def present() -> int:
    """Requests that run or wait, the asking one included; 0 outside the web process."""
    return _present


class Turn:
    """A request's turn among those that run at once. Taken and ended on the event loop; stepped aside from in the request's thread."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns, self._loop = turns, asyncio.get_running_loop()
        self._held = False

    async def take(self) -> None:
        await self._turns.acquire()
        self._held = True
        _current.set(self)

    def end(self) -> None:
        if self._held:
            self._held = False
            self._turns.release()

    @contextmanager
    def given_up(self) -> Iterator[None]:
        self._loop.call_soon_threadsafe(self.end)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(self.take(), self._loop).result()


_current: ContextVar[Turn | None] = ContextVar("turn", default=None)


@contextmanager
def aside() -> Iterator[None]:
    """Wait for a far server here: meanwhile another request has our turn, and whoever needs it our connection to the database.

    Call it where no transaction is open: one that is keeps its connection.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()  # back to the pool
    turn = _current.get()
    with turn.given_up() if turn else nullcontext():
        yield
