"""Past days, counted once. `FACTS` says what a day's figures of tickets are, `giving` those of what the engine gave for them; the same
statements count today while it runs.

`refresh` brings up to date every day that a change since the last look may have touched; `rebuild` counts all again. Both may run at any
time, twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from helpdesk.models import DayFigures, DayGiven
from tickets.models import Escalation, Ticket

from . import giving
from .scope import start_of, zone

OVERLAP = timedelta(minutes=5)  # a transaction that began before the last look may commit after it
LOOKS_BACK = timedelta(days=2)  # at first
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_SEEN = "figures-seen"

# How long a customer waited, by the clock on the wall and in business hours (of tickets older than that count: by the wall).
FIRST_REPLY = "extract(epoch FROM first_response_at - created_at)::int"
FIRST_REPLY_OPEN = f"coalesce(first_reply_took, {FIRST_REPLY})"
RESOLUTION = "extract(epoch FROM resolved_at - created_at)::int"
RESOLUTION_OPEN = f"coalesce(solving_took, {RESOLUTION})"
COLUMNS = (
    "day, queue_id, channel, created, negative, positive, felt, escalated, solved, met, missed,"
    " first_replies, first_replies_open, resolutions, resolutions_open, topics"
)
FACTS = f"""
    SELECT day, queue_id, channel,
           coalesce(o.created, 0) AS created, coalesce(o.negative, 0) AS negative, coalesce(o.positive, 0) AS positive,
           coalesce(o.felt, 0) AS felt, coalesce(o.escalated, 0) AS escalated, coalesce(s.solved, 0) AS solved,
           coalesce(a.met, 0) + coalesce(s.met, 0) AS met, coalesce(a.missed, 0) + coalesce(s.missed, 0) AS missed,
           coalesce(a.waits, '{{}}') AS first_replies, coalesce(a.waits_open, '{{}}') AS first_replies_open,
           coalesce(s.waits, '{{}}') AS resolutions, coalesce(s.waits_open, '{{}}') AS resolutions_open,
           coalesce(o.topics, '{{}}'::jsonb) AS topics
    FROM (
        SELECT day, queue_id, channel, sum(n) AS created, sum(negative) AS negative, sum(positive) AS positive, sum(felt) AS felt,
               sum(escalated) AS escalated, jsonb_object_agg(coalesce(category_id::text, ''), n) AS topics
        FROM (
            SELECT (created_at AT TIME ZONE %(zone)s)::date AS day, queue_id, channel, category_id, count(*) AS n,
                   count(*) FILTER (WHERE sentiment IN ('negative', 'very_negative')) AS negative,
                   count(*) FILTER (WHERE sentiment IN ('positive', 'very_positive')) AS positive,
                   count(*) FILTER (WHERE sentiment <> '') AS felt,
                   count(*) FILTER (WHERE EXISTS (
                       SELECT 1 FROM tickets_escalation e WHERE e.ticket_id = tickets_ticket.id AND e.state <> 'taken_back')) AS escalated
            FROM tickets_ticket WHERE created_at >= %(since)s AND created_at < %(until)s AND merged_into_id IS NULL GROUP BY 1, 2, 3, 4
        ) by_topic GROUP BY 1, 2, 3
    ) o FULL JOIN (
        SELECT (first_response_at AT TIME ZONE %(zone)s)::date AS day, queue_id, channel,
               array_agg({FIRST_REPLY}) AS waits, array_agg({FIRST_REPLY_OPEN}) AS waits_open,
               count(*) FILTER (WHERE first_response_at <= first_reply_due_at) AS met,
               count(*) FILTER (WHERE first_response_at > first_reply_due_at) AS missed
        FROM tickets_ticket WHERE first_response_at >= %(since)s AND first_response_at < %(until)s AND merged_into_id IS NULL
        GROUP BY 1, 2, 3
    ) a USING (day, queue_id, channel) FULL JOIN (
        SELECT (resolved_at AT TIME ZONE %(zone)s)::date AS day, queue_id, channel, count(*) AS solved,
               array_agg({RESOLUTION}) FILTER (WHERE solved_by_people) AS waits,
               array_agg({RESOLUTION_OPEN}) FILTER (WHERE solved_by_people) AS waits_open,
               count(*) FILTER (WHERE resolved_at <= resolve_due_at) AS met, count(*) FILTER (WHERE resolved_at > resolve_due_at) AS missed
        FROM tickets_ticket WHERE resolved_at >= %(since)s AND resolved_at < %(until)s AND merged_into_id IS NULL GROUP BY 1, 2, 3
    ) s USING (day, queue_id, channel)
"""  # noqa: S608 - constants of this file


_INSERT = f"INSERT INTO helpdesk_dayfigures ({COLUMNS}) {FACTS}"


def refresh() -> int:
    """Count again the days that what changed since the last look may have touched; how many."""
    now = timezone.now()
    if not DayFigures.objects.exists():
        cache.set(_SEEN, now, timeout=None)
        return rebuild()
    since = cache.get(_SEEN) or now - LOOKS_BACK
    days = _touched(since - OVERLAP)
    for day in sorted(days):
        count_day(day)
    cache.set(_SEEN, now, timeout=None)
    return len(days)


def _touched(since: datetime) -> set[date]:
    """Where a changed ticket stands now, and where it stood: a reopened one leaves the day on which it was solved."""
    changed = Ticket.objects.filter(updated_at__gte=since).order_by()
    days: set[date] = set()
    for instants in changed.values_list("created_at", "first_response_at", "resolved_at").iterator(chunk_size=2000):
        days |= {timezone.localdate(at, zone()) for at in instants if at}
    raised = Escalation.objects.filter(Q(raised_at__gte=since) | Q(closed_at__gte=since))  # a rule's is heard after the ticket changed
    days |= {timezone.localdate(at, zone()) for at in raised.values_list("ticket__created_at", flat=True)}
    with connection.cursor() as cursor:
        cursor.execute(_WAS_SOLVED, {"since": since, "zone": str(zone())})
        days |= {day for (day,) in cursor.fetchall()}
        days |= giving.touched(cursor, since)
    # what was given to nobody's ticket has no trace but its own row
    return days | {timezone.localdate(since, zone()), timezone.localdate(timezone=zone())}


_WAS_SOLVED = """
    SELECT DISTINCT (before.occurred_at AT TIME ZONE %(zone)s)::date
    FROM core_event now JOIN core_event before ON before.ticket_ref = now.ticket_ref AND before.id < now.id
    WHERE now.kind = 'ticket.status_changed' AND now.occurred_at >= %(since)s AND now.data->>'old' IN ('resolved', 'closed')
      AND before.kind = 'ticket.status_changed' AND before.data->>'new' IN ('resolved', 'closed')
"""


def count_day(day: date) -> None:
    """Count one day anew, instead of what was known of it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('figures'))")  # two workers at once would insert the same rows
        DayFigures.objects.filter(day=day).delete()
        DayGiven.objects.filter(day=day).delete()
        _insert(cursor, start_of(day), start_of(day + timedelta(days=1)))


def rebuild() -> int:
    """Count every day there is; how many rows. A table of a million tickets takes some seconds."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('figures'))")
        DayFigures.objects.all().delete()
        DayGiven.objects.all().delete()
        _insert(cursor, BEGINNING, timezone.now() + timedelta(days=1))
    return DayFigures.objects.count()


def _insert(cursor: Any, since: datetime, until: datetime) -> None:
    given = {"since": since, "until": until, "zone": str(zone())}
    cursor.execute(_INSERT, given)
    counted, values = giving.statement(since, until)
    insert = f"INSERT INTO helpdesk_daygiven ({giving.COLUMNS}) {counted}"
    cursor.execute(insert, values)
