"""Which tickets' memories a viewer may see. The tickets app, which stands above, says so: `rights.decide_by(...)` when it is ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

Decider = Callable[[Any, Iterable[UUID]], set[UUID]]
_decider: list[Decider] = []


def decide_by(decider: Decider) -> None:
    """`decider(viewer, tickets)` returns those that the viewer may see."""
    _decider[:] = [decider]


def hidden_tickets(viewer: Any, tickets: Iterable[UUID | None]) -> set[UUID]:
    """Of these tickets, those whose memories are not for this viewer. The system itself (None) sees all."""
    asked = {ticket for ticket in tickets if ticket is not None}
    if viewer is None or not asked:
        return set()
    return asked - _decider[0](viewer, asked) if _decider else asked
