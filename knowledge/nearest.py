"""Asking pgvector for neighbours: the literal it reads, and the settings under which a filtered index keeps its recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from pgvector import HalfVector

_SETTINGS = "set local hnsw.iterative_scan = relaxed_order; set local hnsw.ef_search = 100; "


def as_halfvec(vector: np.ndarray) -> str:
    """The text form of a vector, for a parameter that is cast with `::halfvec(384)`."""
    return HalfVector(vector).to_text()


def approximately(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement whose HNSW scans go on until the filter is satisfied.

    Without `iterative_scan` a filter that one row in thirty passes finds a third of what it should (engine.md section 6).
    Settings and statement travel together: PostgreSQL runs them as one transaction, in one round trip instead of four.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS + sql, parameters)
        while cursor.nextset():
            pass
        return cursor.fetchall()
