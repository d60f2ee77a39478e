"""Which tickets' memories a viewer may see. The tickets app, which stands above, says so: `rights.decide_by(...)` when it is ready.

A memory names its ticket by id or by number. Another system's ticket restricts nobody: its rights are not ours to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

Decider = Callable[[Any, Iterable[UUID]], set[UUID]]
Finder = Callable[[str], UUID | None]
_decider: list[Decider] = []
_finder: list[Finder] = []


def decide_by(decider: Decider, finder: Finder) -> None:
    """`decider(viewer, tickets)` returns those that the viewer may see; `finder(number)` returns the id of a ticket of ours."""
    _decider[:], _finder[:] = [decider], [finder]


def ticket_of(reference: str) -> UUID | None:
    """The ticket that a memory names, by its id (known or not) or its number."""
    try:
        return UUID(reference)
    except ValueError:
        return _finder[0](reference) if reference and _finder else None


def hidden_tickets(viewer: Any, tickets: Iterable[UUID | None]) -> set[UUID]:
    """Of these tickets, those whose memories are not for this viewer. The system itself (None) sees all."""
    asked = {ticket for ticket in tickets if ticket is not None}
    if viewer is None or not asked:
        return set()
    return asked - _decider[0](viewer, asked) if _decider else asked
