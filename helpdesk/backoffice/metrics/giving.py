"""What the engine gave, counted: drafts, suggestions, first guesses and questions to a model, by day, team and channel.

The same statement counts today while it runs, and each past day once (`rollup`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Q, QuerySet, UUIDField, Value, When
from django.db.models.functions import Cast, Coalesce, Substr, TruncDate

from assist.models import Draft, Prediction, Suggestion
from helpdesk.core.models import ModelCall

from .scope import zone

ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
TICKET = Case(When(about__regex=f"^ticket:{ID}", then=Cast(Substr("about", 8), UUIDField())), output_field=UUIDField())  # a call's
FAILED = Q(outcome__in=("failed", "invalid"))
WRITTEN = 0.02  # edit distance up to which a draft went out as written: a greeting's comma

USED = Q(state=Draft.State.USED)
AS_WRITTEN = USED & Q(edit_distance__lte=WRITTEN)
EDITED = USED & (Q(edit_distance__gt=WRITTEN) | Q(edit_distance=None))
DISMISSED = Q(state=Draft.State.DISMISSED)
IGNORED = ~Q(state__in=(Draft.State.USED, Draft.State.DISMISSED))
CLICKED = Q(agent_clicked=True)
_FATES = {"as_written": AS_WRITTEN, "edited": EDITED, "dismissed": DISMISSED, "ignored": IGNORED}

COLUMNS = "what, day, name, said, queue_id, channel, n, good, cost"
_COUNTED = """
    SELECT what, day, name, said, queue_id, coalesce(channel, '') AS channel,
           count(*)::int AS n, (count(*) FILTER (WHERE good))::int AS good, sum(cost) AS cost
    FROM ({parts}) AS given (what, ticket, day, name, said, good, cost) LEFT JOIN tickets_ticket ON tickets_ticket.id = given.ticket
    GROUP BY what, day, name, said, queue_id, coalesce(channel, '')
"""
# The days of all that the engine gave for tickets of which the team changed, or of which somebody judged or used something.
_TOUCHED = """
    WITH changed AS (
        SELECT id FROM tickets_ticket WHERE updated_at >= %(since)s
        UNION SELECT ticket_ref FROM core_event WHERE kind = ANY(%(kinds)s) AND occurred_at >= %(since)s
    )
    SELECT DISTINCT (moment AT TIME ZONE %(zone)s)::date FROM (
        SELECT created_at AS moment FROM assist_draft WHERE ticket_id IN (SELECT id FROM changed)
        UNION ALL SELECT created_at FROM suggestions WHERE ticket_id IN (SELECT id FROM changed)
        UNION ALL SELECT settled_at FROM assist_prediction WHERE ticket_id IN (SELECT id FROM changed) AND settled_at IS NOT NULL
        UNION ALL SELECT created_at FROM core_modelcall WHERE about IN (SELECT 'ticket:' || id FROM changed)
    ) given
"""
_KINDS = ["draft.written", "draft.used", "draft.dismissed", "suggestion.rated", "suggestion.used"]


def statement(starts: datetime, ends: datetime) -> tuple[str, tuple[Any, ...]]:
    """SQL, with its parameters, of rows in the order of COLUMNS. `queue_id` is NULL, and `channel` empty, of what belongs to no ticket."""
    first, *others = _parts(starts, ends)
    parts, values = first.union(*others, all=True).query.sql_with_params()
    return _COUNTED.format(parts=parts), values


def _parts(starts: datetime, ends: datetime) -> Iterator[QuerySet[Any, Any]]:
    """What, of which ticket, on which day, its name (a fate, kind or task), what was said of it, whether it was good, US dollars."""
    within = {"created_at__gte": starts, "created_at__lt": ends}
    day, nothing, free = TruncDate("created_at", tzinfo=zone()), Value(""), Value(Decimal(0))
    fate = Case(*(When(which, then=Value(name)) for name, which in _FATES.items()), output_field=CharField())
    drafts = Draft.objects.filter(**within).order_by()
    yield drafts.values_list(Value("draft"), "ticket_id", day, fate, nothing, Value(value=True), free)
    shown = Suggestion.objects.filter(**within, shown_to_agent=True).order_by()
    said = Coalesce("agent_feedback", nothing)
    yield shown.values_list(Value("suggestion"), "ticket_id", day, "suggestion_type", said, "agent_clicked", free)
    settled = Prediction.objects.filter(field="category", settled_at__gte=starts, settled_at__lt=ends).order_by()
    on = TruncDate("settled_at", tzinfo=zone())
    yield settled.values_list(Value("guess"), "ticket_id", on, nothing, nothing, Coalesce("correct", Value(value=False)), free)
    calls = ModelCall.objects.filter(**within).order_by()
    well = Case(When(FAILED, then=Value(value=False)), default=Value(value=True))
    yield calls.values_list(Value("call"), TICKET, day, "task", nothing, well, "cost")


def touched(cursor: Any, since: datetime) -> set[Any]:
    """The past days whose counts may have changed since then."""
    cursor.execute(_TOUCHED, {"since": since, "zone": str(zone()), "kinds": _KINDS})
    return {day for (day,) in cursor.fetchall()}
