"""Many rows written in one statement, cheaply made: rounds about a dozen calls write some hundred rows, of three tables.

write(added(actions, ("session", "agent_name")), changed(sessions, ("context", "updates")))
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models

_ADD = "insert into {table} ({names}) select {names} from jsonb_to_recordset(%s::jsonb) as new ({columns})"
_CHANGE = """
    update {table} set {assignments}
    from jsonb_to_recordset(%s::jsonb) as new ({columns}) where {table}.{key} = new.{key}
"""


class Part(NamedTuple):
    """One table's part of a statement. Empty, where there is nothing to write."""

    sql: str = ""
    rows: str = ""  # JSON


def added(rows: Sequence[models.Model], names: Sequence[str]) -> Part:
    """These rows are new, with these fields; the database fills the others in, and the key, which is not read back."""
    if not rows:
        return Part()
    meta, quote = rows[0]._meta, connection.ops.quote_name
    fields: list[Any] = [meta.get_field(name) for name in names]
    columns = ", ".join(quote(field.column) for field in fields)
    return Part(_ADD.format(table=quote(meta.db_table), names=columns, columns=_typed(fields)), _values(rows, fields))


def changed(rows: Sequence[models.Model], names: Sequence[str]) -> Part:
    """These fields of these rows; rows that are gone stay gone. (`bulk_update` makes a CASE for every field of every row.)"""
    if not rows:
        return Part()
    meta, quote = rows[0]._meta, connection.ops.quote_name
    key: Any = meta.pk
    fields: list[Any] = [meta.get_field(name) for name in names]
    sql = _CHANGE.format(
        table=quote(meta.db_table),
        key=quote(key.column),
        assignments=", ".join(f"{quote(field.column)} = new.{quote(field.column)}" for field in fields),
        columns=_typed([key, *fields]),
    )
    return Part(sql, _values(rows, [key, *fields]))


def write(*parts: Part) -> None:
    """All of it in one statement: the parts do not see each other's rows."""
    some = [part for part in parts if part.sql]
    if not some:
        return
    *before, last = some
    named = ", ".join(f"part_{place} as ({part.sql})" for place, part in enumerate(before))
    statement = f"with {named} {last.sql}" if named else last.sql
    with connection.cursor() as cursor:
        cursor.execute(statement, [part.rows for part in some])


def _typed(fields: Sequence[Any]) -> str:
    return ", ".join(f"{connection.ops.quote_name(field.column)} {field.rel_db_type(connection)}" for field in fields)


def _values(rows: Sequence[models.Model], fields: Sequence[Any]) -> str:
    return json.dumps([{field.column: getattr(row, field.attname) for field in fields} for row in rows], default=_exactly)


def _exactly(value: Any) -> str:
    """A moment to the microsecond."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{value!r} is not written this way")
