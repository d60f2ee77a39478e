"""A scratch store: empty copies of the tables, seen by this connection alone, gone with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, models

from helpdesk.core.models import Embedding
from knowledge import cases
from knowledge.models import Article, Category, Chunk, SolvedCase, SynonymGroup, Word

from .holdout import Part, within

KNOWLEDGE: tuple[type[models.Model], ...] = (Category, Article, Chunk, SolvedCase, Word, SynonymGroup, Embedding)
AT_ONCE = 1000
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


def copy_company() -> list[SolvedCase]:
    """Fill the scratch store with the company's knowledge and solved work, but for the frozen hold-out, which is returned.

    Only linked cases are held out; the averages of an article's cases are made anew without them.
    """
    with connection.cursor() as cursor:
        for model in KNOWLEDGE:
            name = model._meta.db_table
            cursor.execute(f'insert into pg_temp."{name}" select * from public."{name}"')  # noqa: S608 - names of our own tables
    linked = list(SolvedCase.objects.linked().order_by("source_kind", "source_id"))
    held_out = [case for case in linked if within(Part.HELD_OUT, f"{case.source_kind} {case.source_id}")]
    for start in range(0, len(held_out), AT_ONCE):
        cases.forget(SolvedCase.objects.filter(pk__in=[case.pk for case in held_out[start : start + AT_ONCE]]))
    return held_out


def analyse(tables: Sequence[type[models.Model]] = KNOWLEDGE) -> None:
    """Nothing analyses temporary tables by itself, and without it the planner guesses."""
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f'analyze "{model._meta.db_table}"')
