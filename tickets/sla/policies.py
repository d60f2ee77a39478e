"""Which policy a ticket falls under, with every calendar that its clocks need: one statement.

The first active policy, by position, whose teams and tiers take the ticket; the default one takes the rest. Until a company has made
its own, the plain times of `STANDARD` hold, round the clock.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection

from .clocks import FIRST_REPLY, KINDS, NEXT_REPLY, RESOLVE
from .hours import Hours

if TYPE_CHECKING:
    from tickets.models import Ticket

PRIORITIES = ("urgent", "high", "normal", "low")
STANDARD: dict[str, dict[str, int | None]] = {  # minutes
    "urgent": {FIRST_REPLY: 30, NEXT_REPLY: 30, RESOLVE: 4 * 60},
    "high": {FIRST_REPLY: 2 * 60, NEXT_REPLY: 2 * 60, RESOLVE: 24 * 60},
    "normal": {FIRST_REPLY: 8 * 60, NEXT_REPLY: 8 * 60, RESOLVE: 3 * 24 * 60},
    "low": {FIRST_REPLY: 24 * 60, NEXT_REPLY: 24 * 60, RESOLVE: 7 * 24 * 60},
}
WARN_PERCENT = 25  # of the time is left: where the ring on screen turns amber


@dataclass(frozen=True)
class Policy:
    """A policy as the clocks use it. `hours` is the id of its calendar; "" is round the clock."""

    id: str
    name: str
    hours: str
    targets: Mapping[str, Mapping[str, int | None]]
    warn_percent: int = WARN_PERCENT

    def targets_of(self, priority: str) -> dict[str, int | None]:
        own = self.targets.get(priority, {})
        return {kind: own.get(kind) for kind in KINDS}


BUILT_IN = Policy("", "Standard", "", STANDARD)

_SQL = """
    with whose as (
        select lower(coalesce(
            nullif((select tier from customers_organisation where id = %(organisation)s), ''),
            (select tier from customers_customer where id = %(customer)s), '')) as tier
    ), chosen as (
        select p.id, p.name, p.hours_id, p.targets, p.warn_percent
        from tickets_slapolicy p, whose
        where p.is_active
          and (p.is_default or (
            (p.tiers = '[]'::jsonb or p.tiers ? whose.tier)
            and (not exists (select 1 from tickets_slapolicy_queues q where q.slapolicy_id = p.id)
                 or exists (select 1 from tickets_slapolicy_queues q where q.slapolicy_id = p.id and q.queue_id = %(queue)s))))
        order by p.is_default, p.position, p.created_at, p.id
        limit 1
    )
    select (select json_build_object('id', id, 'name', name, 'hours', hours_id, 'targets', targets, 'warn', warn_percent)
            from chosen)::text,
           (select json_object_agg(h.id, json_build_object('name', h.name, 'zone', h.time_zone, 'week', h.week, 'country', h.country,
                'subdivision', h.subdivision,
                'closed', (select json_agg(d.day) from tickets_holiday d where d.hours_id = h.id)))
            from tickets_businesshours h where h.id in (select hours_id from chosen) or h.id::text = any(%(known)s))::text
"""


def in_force(ticket: Ticket, known: Collection[str]) -> tuple[Policy, dict[str, Hours]]:
    """The policy of a ticket, and its calendar together with those already `known` to its clocks."""
    whose = {"queue": ticket.queue_id, "organisation": ticket.organisation_id, "customer": ticket.customer_id}
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {**whose, "known": [one for one in known if one]})
        chosen, calendars = cursor.fetchone()
    return _policy(chosen), {key: hours_from(row) for key, row in json.loads(calendars or "{}").items()}


def _policy(stored: str | None) -> Policy:
    if stored is None:
        return BUILT_IN
    row = json.loads(stored)
    return Policy(row["id"], row["name"], row["hours"] or "", row["targets"], row["warn"])


def hours_from(row: Mapping[str, Any]) -> Hours:
    """A calendar from its stored form."""
    week = tuple(tuple((int(opens), int(closes)) for opens, closes in row["week"][day]) for day in range(7))
    closed = frozenset(date.fromisoformat(day) for day in row["closed"] or ())
    return Hours(row["zone"], week, closed, row["country"], row["subdivision"], row["name"])
