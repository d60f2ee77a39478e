"""What a rule would have done: tried on the last tickets that saw its events, as they stood then, changing nothing.

Status, priority, assignee and labels are wound back to the moment of the event by the ticket's own history; what history does not
keep (mood, language, team, due times) is read as it is now. A rule on a schedule is tried on the tickets as they are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from helpdesk.core.models import Event
from tickets.models import Message, Rule, Ticket

from . import actions, facts, schedule
from .conditions import holds

SIZES = (100, 1000)
SHOWN = 50
WOUND_BACK = ("ticket.status_changed", "ticket.priority_changed", "ticket.assigned", "ticket.tagged", "ticket.untagged")


@dataclass(frozen=True)
class Match:
    ticket: Ticket
    at: Any  # of the event; of now for a schedule
    lines: list[str]  # what would have changed


@dataclass
class Result:
    tried: int = 0
    matched: int = 0
    matches: list[Match] = field(default_factory=list)  # the first of them


def dry_run(rule: Rule, *, last: int = SIZES[0]) -> Result:
    """Try the rule, saved or not. The number of queries does not depend on `last`."""
    return _by_the_clock(rule, last) if rule.trigger == Rule.Trigger.SCHEDULE else _by_events(rule, last)


def _by_events(rule: Rule, last: int) -> Result:
    newest = Event.objects.filter(kind__in=rule.kinds, ticket_ref__isnull=False).order_by().values("ticket_ref").annotate(n=Max("id"))
    events = list(Event.objects.filter(pk__in=newest.order_by("-n").values("n")[:last]).order_by("-id"))
    tickets = {ticket.pk: ticket for ticket in facts.readable(Ticket.objects.filter(pk__in=[event.ticket_ref for event in events]))}
    messages, later = _messages(events), _later(events)
    result = Result()
    for event in events:
        ticket = tickets.get(event.ticket_ref) if event.ticket_ref else None
        if ticket is None:
            continue
        result.tried += 1
        then = facts.of(ticket, event, messages.get(event.pk), now=event.occurred_at)
        then = {**_wound_back(then, later[ticket.pk], event.pk), "zone": rule.zone}
        _note(result, rule, ticket, event.occurred_at, then)
    return result


def _by_the_clock(rule: Rule, last: int) -> Result:
    now, result = timezone.now(), Result()
    newest = Ticket.objects.filter(merged_into=None).order_by("-created_at", "id").values("pk")[:last]
    ids = list(schedule.matching(rule, now).filter(pk__in=newest).values_list("pk", flat=True))
    result.tried = newest.count()
    for ticket in facts.readable(Ticket.objects.filter(pk__in=ids)).order_by("-created_at"):
        _note(result, rule, ticket, now, {**facts.of(ticket, now=now), "zone": rule.zone})
    return result


def _note(result: Result, rule: Rule, ticket: Ticket, at: Any, then: dict[str, Any]) -> None:
    if not holds(rule.conditions, then):
        return
    result.matched += 1
    if len(result.matches) < SHOWN:
        result.matches.append(Match(ticket, at, actions.planned(rule, then)))


def _messages(events: list[Event]) -> dict[int, Message]:
    """The message that each event tells of; for the others, the customer's last before it."""
    ids = {event.pk: event.subject_id for event in events if event.subject_type == "message"}
    whole = Message.objects.defer("body_html", "quoted_text")
    found = {str(message.pk): message for message in whole.filter(pk__in=ids.values())}
    others = [event for event in events if event.pk not in ids]
    spoken: dict[UUID, list[Message]] = defaultdict(list)
    customers = whole.filter(ticket__in=[event.ticket_ref for event in others], author_kind=Message.AuthorKind.CUSTOMER).public()
    for message in customers.in_order() if others else ():
        spoken[message.ticket_id].append(message)
    chosen = {pk: found[one] for pk, one in ids.items() if one in found}
    for event in others:
        rows = spoken.get(event.ticket_ref, []) if event.ticket_ref else []
        before = [message for message in rows if message.created_at <= event.occurred_at] or rows[:1]
        if before:
            chosen[event.pk] = before[-1]
    return chosen


def _later(events: list[Event]) -> dict[UUID, list[Event]]:
    """What changed in these tickets, the newest first."""
    rows: dict[UUID, list[Event]] = defaultdict(list)
    changed = Event.objects.filter(ticket_ref__in=[event.ticket_ref for event in events], kind__in=WOUND_BACK)
    for event in changed.order_by("-id"):
        if event.ticket_ref:
            rows[event.ticket_ref].append(event)
    return rows


def _wound_back(now: dict[str, Any], changes: list[Event], since: int) -> dict[str, Any]:
    then = dict(now)
    for change in changes:
        if change.pk <= since:
            break
        if change.kind == "ticket.status_changed":
            then["status"] = str(change.data.get("old") or "")
        elif change.kind == "ticket.priority_changed":
            then["priority"] = str(change.data.get("old") or "")
        elif change.kind == "ticket.assigned":
            then["assignee"] = str(change.data.get("old_id") or "")
        elif change.kind == "ticket.tagged":
            then["tag"] = then["tag"] - {change.data.get("tag")}
        else:
            then["tag"] = then["tag"] | {change.data.get("tag")}
    return then
