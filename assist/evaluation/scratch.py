"""A scratch store: empty copies of the tables, seen by this connection alone, gone with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, models

from helpdesk.core.models import Embedding
from knowledge.models import Article, Category, Chunk, SolvedCase

KNOWLEDGE: tuple[type[models.Model], ...] = (Category, Article, Chunk, SolvedCase, Embedding)
MEMORY = "64MB"  # temporary tables have their own buffers, 8 MB by default


@contextmanager
def scratch(tables: Sequence[type[models.Model]] = KNOWLEDGE) -> Iterator[None]:
    """Within the block every query on these tables meets an empty temporary copy, indexes included.

    PostgreSQL looks for a name among the temporary tables first; no other connection sees them, and a kill leaves nothing.
    """
    names = [model._meta.db_table for model in tables]
    with connection.cursor() as cursor:
        cursor.execute(f"set temp_buffers = '{MEMORY}'")
        for name in names:
            cursor.execute(f'create temporary table "{name}" (like public."{name}" including all)')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f'drop table if exists pg_temp."{name}"')


def analyse(tables: Sequence[type[models.Model]] = KNOWLEDGE) -> None:
    """Nothing analyses temporary tables by itself, and without it the planner guesses."""
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f'analyze "{model._meta.db_table}"')
