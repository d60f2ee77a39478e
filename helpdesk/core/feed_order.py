"""The order of the events' feed: no reader ever passes an event that is still to appear.

Numbers from a sequence are given out before the commit: a reader who saw 12 may have passed 11, whose transaction still ran. So
the feed stands in the order of (position, id), where `position` is the number of the transaction that wrote the event, and
shows only what lies below the oldest transaction that still runs in this database (the horizon). What appears later lies above.

Transactions are counted anew in another cluster. After a restore from a dump `keep_growing` raises the base, so that what is
written from now on comes after all that the dump brought along.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import Max

from .models import Event


def horizon() -> int:
    """Positions below this one are complete for every statement that begins after this call. Ask before reading, not within."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_horizon()")
        return int(cursor.fetchone()[0])


def keep_growing() -> bool:
    """Called after every migration. Raises the base, and says so, when an event stands where no transaction of this cluster put it."""
    newest = Event.objects.aggregate(Max("position"))["position__max"] or 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint, "
            "event_position_base()"
        )
        oldest_running, next_transaction, base = cursor.fetchone()
        if newest < next_transaction + base:
            return False
        # a function that says a constant, so that the column's default reads no table
        cursor.execute(
            "SELECT format('CREATE OR REPLACE FUNCTION event_position_base() RETURNS bigint LANGUAGE sql IMMUTABLE AS %%L', "
            "format('SELECT %%s::bigint', %s::bigint))",
            [newest + 1 - oldest_running],  # who began before this call and still writes comes after the dump too
        )
        cursor.execute(cursor.fetchone()[0])
    return True
