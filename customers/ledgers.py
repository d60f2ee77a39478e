"""The consent ledger and the access log are added to, never changed: the database refuses it (migration 0008).

Erasure, merges and retention must; they say so, and only for as long as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def opened() -> Iterator[None]:
    """A transaction in which rows of the ledgers may be moved or deleted. Not for nesting inside itself."""
    with transaction.atomic():
        _set("yes")
        yield
        _set("")


def open_until_commit() -> None:
    """For the rest of this transaction. Call it inside one."""
    _set("yes")


def _set(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('helpdesk.ledgers_open', %s, true)", [value])
