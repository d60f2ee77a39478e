"""Connections of the pool are tried without an exchange while they are silent, and dead ones are found all the same."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection

from helpdesk.core import pooled
from helpdesk.core.pooled import PooledConnection


@pytest.fixture
def line(db: None) -> Any:
    parameters = connection.get_connection_params()
    wanted = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    with PooledConnection.connect(**wanted, autocommit=True) as made:
        yield made


def asked(line: Any) -> bool:
    """Whether the server hears of it: the empty statement is answered by what psycopg makes of an empty query."""
    return line.execute("").pgresult is not None


def test_a_silent_connection_is_asked_once_in_a_while(line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(line) and not asked(line)
    monkeypatch.setattr(pooled, "QUIET", 0)
    assert asked(line)


def test_one_whose_server_has_gone_is_found_at_once(line: Any) -> None:
    assert asked(line)
    pid = line.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(psycopg.OperationalError):
        line.execute("")
