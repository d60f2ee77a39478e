"""Asking pgvector for neighbours: the literal it reads, among which rows, and how a filtered index keeps its recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet
from pgvector import HalfVector

_SETTINGS = "set local hnsw.iterative_scan = relaxed_order; set local hnsw.ef_search = 100; "


def as_halfvec(vector: np.ndarray) -> str:
    """The text form of a vector, for a parameter that is cast with `::halfvec(384)`."""
    return HalfVector(vector).to_text()


def within(among: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """SQL and parameters of the ids of these rows: compiled once, for one search says it in several statements."""
    known: tuple[str, tuple[Any, ...]] | None = among.__dict__.get("_within")  # a changed queryset is another object
    if known is None:
        known = among.__dict__["_within"] = among.order_by().values("id").query.sql_with_params()
    return known


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
