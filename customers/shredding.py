"""What is deleted stays readable in PostgreSQL's files until its place is written over: here the files are written anew without it.

An ordinary VACUUM gives the place of deleted rows back and leaves their bytes. VACUUM FULL writes the table, its large values and its
indexes into new files and deletes the old ones; nobody reads or writes that table meanwhile, so it is for the quiet hours. What the
write-ahead log still holds goes with its next turns; backups: see `erase_customer --replay`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.apps import apps
from django.db import connection
from psycopg.sql import SQL, Identifier


def tables() -> list[str]:
    """Every table of ours."""
    found = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
    return sorted(found & set(connection.introspection.table_names()))


def shred(wanted: Iterable[str] | None = None) -> Iterator[str]:
    """Write these tables (all of ours) anew, one after the other; gives the name of each that is done. Not inside a transaction."""
    for table in tables() if wanted is None else wanted:
        with connection.cursor() as cursor:
            cursor.execute(SQL("VACUUM (FULL) {}").format(Identifier(table)))
        yield table
