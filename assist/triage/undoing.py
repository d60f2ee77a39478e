"""What a run changed on its ticket, written down while it changes it, and taking that back.

Category, priority, team, assignee, links to incidents and the escalation go back where nobody has changed them since. What was observed
(mood, language, the analysis) and the history stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from assist.models import Draft, TriageRun
from helpdesk.core.models import User
from knowledge.models import Category, Incident
from tickets import escalating, linking
from tickets.models import Queue, StatusLink, Ticket

FIELDS = ("category", "priority", "queue", "assignee")
Changes = dict[str, dict[str, Any]]


@dataclass
class Before:
    """The ticket as it was before a run."""

    values: dict[str, tuple[str, str]] = field(default_factory=dict)  # field: (id, as people read it)
    escalation: str = ""  # level
    incidents: frozenset[UUID] = frozenset()


def look(ticket: Ticket, *, incidents: bool) -> Before:
    """No query but for `incidents`: asked only where the run may link some."""
    tied = _tied(ticket) if incidents else frozenset()
    return Before({name: _value(ticket, name) for name in FIELDS}, _level(ticket), tied)


def difference(ticket: Ticket, before: Before, *, incidents: bool) -> Changes:
    """{"category": {"old", "new", "from", "to"}, ..., "escalation": {...}, "incident": {"new": [ids], "to": "INC-1"}}."""
    changes: Changes = {}
    for name in FIELDS:
        (old, shown), (new, then) = before.values[name], _value(ticket, name)
        if old != new:
            changes[name] = {"old": old, "new": new, "from": shown, "to": then}
    if (level := _level(ticket)) != before.escalation:
        changes["escalation"] = {"old": before.escalation, "new": level, "from": _words(before.escalation), "to": _words(level)}
    if incidents and (fresh := _tied(ticket) - before.incidents):
        names = Incident.objects.filter(pk__in=fresh).values_list("reference", flat=True)
        changes["incident"] = {"new": sorted(map(str, fresh)), "from": "", "to": ", ".join(sorted(names))}
    return changes


def undo(run: TriageRun, *, by: User) -> list[str]:
    """Take back what the run changed; returns the names of what somebody has changed since, which stays. Safe to repeat."""
    kept = []
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).select_related("queue", "category", "assignee").get(pk=run.ticket_id)
        for name, change in run.changes.items():
            if not _put_back(ticket, name, change, by):
                kept.append(name)
        Draft.objects.filter(answers=run.message_id, ticket=ticket, state=Draft.State.OFFERED).update(state=Draft.State.STALE)
    return kept


def _put_back(ticket: Ticket, name: str, change: dict[str, Any], by: User) -> bool:
    """Whether it is as before. By the system: what is taken back is not a lesson to learn from."""
    if name == "incident":
        for incident in Incident.objects.filter(pk__in=change["new"]):
            linking.unlink(ticket, incident, by=by)
        return True
    if name == "escalation":
        if _level(ticket) == change["old"]:
            return True
        return not change["old"] and escalating.take_back(ticket, level=change["new"], reason=f"triage taken back by {by}")
    if _value(ticket, name)[0] == change["old"]:
        return True
    if _value(ticket, name)[0] != change["new"] or name in ticket.decided_by_people:
        return False
    return _set(ticket, name, change["old"], reason=f"triage taken back by {by}")


def _set(ticket: Ticket, name: str, old: str, *, reason: str) -> bool:
    """Whether the old value still exists."""
    if name == "priority":
        ticket.set_priority(old, by=None, reason=reason)
    elif name == "category":
        category = Category.objects.filter(pk=old).first() if old else None
        ticket.set_category(category, by=None, reason=reason)
        return category is not None or not old
    elif name == "queue":
        queue = Queue.objects.filter(pk=old).first()
        if queue is None:
            return False
        ticket.move(queue=queue, by=None, reason=reason)
    else:
        agent = User.objects.filter(pk=old, is_active=True).first() if old else None
        ticket.assign(to=agent, by=None)
        return agent is not None or not old
    return True


def _value(ticket: Ticket, name: str) -> tuple[str, str]:
    if name == "priority":
        return ticket.priority, ticket.get_priority_display()
    value = getattr(ticket, name)
    return (str(value.pk), str(value.name)) if value else ("", "")


def _level(ticket: Ticket) -> str:
    return str((ticket.metadata.get("escalation") or {}).get("level") or "")


def _words(level: str) -> str:
    return level.replace("_", " ")


def _tied(ticket: Ticket) -> frozenset[UUID]:
    tied = StatusLink.objects.present().filter(ticket=ticket, incident__isnull=False)
    return frozenset(tied.values_list("incident_id", flat=True))
