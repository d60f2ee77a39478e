"""A connection of the pool that knows whether it is still alive without asking the server.

The pool tries every connection that it hands out with an empty statement: a whole exchange with PostgreSQL for each request, as
much as the request's own. A server that has gone leaves a socket that can be read (the end of the file, or its last words); a quiet
one is alive, as far as anybody can know without waiting. After a pause it is asked all the same: a network forgets silent lines.
"""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

QUIET = 5.0  # seconds without an exchange, after which the server is asked


class PooledConnection(psycopg.Connection[Any]):
    _heard_at = 0.0

    def execute(self, query: Any, *args: Any, **more: Any) -> Any:
        """As psycopg's; the empty statement, with which the pool tries a connection, goes out only where there is doubt."""
        if query != "":
            return super().execute(query, *args, **more)
        now = time.monotonic()
        if now - self._heard_at < QUIET and self._is_silent():
            self._heard_at = now
            return self.cursor()
        found = super().execute(query, *args, **more)
        self._heard_at = now
        return found

    def _is_silent(self) -> bool:
        if self.closed or self.info.transaction_status != TransactionStatus.IDLE:
            return False
        line = select.poll()
        line.register(self.fileno(), select.POLLIN)
        return not line.poll(0)
