"""What the apps above put on a ticket's row ("Draft"). They register a reader; nothing here knows them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise


@dataclass(frozen=True)
class Flag:
    """A word with an icon; `kind` "ai" is machine text, "" anything else."""

    text: str | Promise
    icon: str
    kind: str = ""


Reader = Callable[[Collection[UUID]], Mapping[UUID, Flag]]
_readers: list[Reader] = []


def register(reader: Reader) -> Reader:
    """`reader(ids)` gives the flag of each ticket that has one, in one query."""
    if reader not in _readers:
        _readers.append(reader)
    return reader


def flags_of(ids: Sequence[UUID]) -> dict[UUID, list[Flag]]:
    found: dict[UUID, list[Flag]] = {}
    for reader in _readers if ids else ():
        for ticket, flag in reader(ids).items():
            found.setdefault(ticket, []).append(flag)
    return found
