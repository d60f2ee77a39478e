"""Long work in many small pieces, each a row: a worker takes one after the other, and a killed one loses none.

    piecework.each(job.pieces.waiting(), do)        # in the worker

A piece is done in the transaction that locks its row, so it is done once however many workers come. The caller asks again
for what is left; nobody else waits behind a job of thousands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

AT_ONCE = 100  # pieces of one task: then others have their turn


def each(waiting: QuerySet[Any], do: Callable[[Any], None]) -> bool:
    """Do some of the pieces, in order. `do` must change the row so that it waits no longer. Returns whether some may be left."""
    for _n in range(AT_ONCE):
        with transaction.atomic():
            piece = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk").first()
            if piece is None:
                return False
            do(piece)
    return True
