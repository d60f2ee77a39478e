"""How many requests are in this process now. What can wait is put off while others stand in line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
