"""Asking pgvector for neighbours: the literal it reads, and the settings under which a filtered index keeps its recall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from pgvector import HalfVector


def as_halfvec(vector: np.ndarray) -> str:
    """The text form of a vector, for a parameter that is cast with `::halfvec(384)`."""
    return HalfVector(vector).to_text()


@contextmanager
def approximate_cursor() -> Iterator[CursorWrapper]:
    """A cursor whose HNSW scans go on until the filter is satisfied.

    Without `iterative_scan` a filter that one row in thirty passes finds a third of what it should (engine.md section 6).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local hnsw.iterative_scan = relaxed_order; set local hnsw.ef_search = 100")
        yield cursor
