"""When something happened: the rules that hear of it are tried in their order, each at most once for each event.

What a rule changes is an event again, and may start others, but never the rules that led there, and no more than
`RuleFiring.MOST_DEPTH` in a row. Where this stops a rule, the log and the history say so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from helpdesk.core.models import Event
from helpdesk.core.request_id import doing
from tickets.models import Message, Rule, RuleFiring, Ticket

from . import actions, facts
from .conditions import holds

log = logging.getLogger(__name__)

MARK = "rule:"  # how the request id of an event begins that a rule made; the id of its firing follows


@dataclass(frozen=True)
class Path:
    """The rules that led to something, and how many of them started each other."""

    rules: tuple[str, ...] = ()
    depth: int = 0


def fire_for(event: Event) -> list[RuleFiring]:
    """Try every rule that hears of this event; safe to repeat. One statement where there is no rule, five where none fires."""
    if event.ticket_ref is None:
        return []
    rules = list(Rule.objects.hearing(event.kind))
    ticket = _ticket(event) if rules else None
    if ticket is None:
        return []
    message = facts.message_of(event)
    met = dict(RuleFiring.objects.filter(event_id=event.pk).values_list("rule_id", "outcome"))
    path = _path(event)
    found, fired = facts.of(ticket, event, message), []
    for rule in rules:
        if rule.pk not in met:
            if not holds(rule.conditions, {**found, "zone": rule.zone}):
                continue
            firing = _stopped(rule, event, path) or _fire(rule, event, message, path)
            if firing is None:
                continue
            path = replace(path, rules=(*path.rules, str(rule.pk)))
            fired.append(firing)
            met[rule.pk] = firing.outcome
            if firing.outcome == RuleFiring.Outcome.FIRED and (changed := _ticket(event)):
                found = facts.of(changed, event, message)
        if rule.stops and met[rule.pk] == RuleFiring.Outcome.FIRED:
            break
    return fired


def carry_out(rule: Rule, ticket: Ticket, firing: RuleFiring, *, answers: Message | None) -> None:
    """Do what the rule says to a locked ticket, and write down what came of it. The firing is stored first: events point to it."""
    with doing(f"{MARK}{firing.pk}"):
        done = actions.perform(rule, ticket, answers=answers, source=f"{MARK}{firing.pk}")
    firing.changes, firing.remarks = done.changes, done.remarks
    firing.at = timezone.now()  # after its own changes: they are no news to a rule by the clock
    firing.save(update_fields=["changes", "remarks", "at"])
    log.info("rule_fired", extra={"rule": str(rule.pk), "ticket": ticket.number, "changed": sorted(done.changes)})


def locked(pk: Any) -> Ticket | None:
    """The ticket, held for the length of this transaction; None when it is gone or became part of another."""
    whole = Ticket.objects.select_related("queue", "assignee", "category", "customer")
    return whole.select_for_update(of=("self",)).filter(pk=pk, merged_into=None).first()


def _fire(rule: Rule, event: Event, message: Message | None, path: Path) -> RuleFiring | None:
    """None when the conditions no longer hold, or another worker was quicker."""
    with transaction.atomic():
        ticket, fresh = locked(event.ticket_ref), _ticket(event)
        if ticket is None or fresh is None or not holds(rule.conditions, {**facts.of(fresh, event, message), "zone": rule.zone}):
            return None
        about = {"ticket": ticket, "chain": list(path.rules), "depth": path.depth}
        firing, made = RuleFiring.objects.get_or_create(rule=rule, event_id=event.pk, defaults=about)
        if not made:
            return None
        carry_out(rule, ticket, firing, answers=message)
    return firing


def _stopped(rule: Rule, event: Event, path: Path) -> RuleFiring | None:
    """The loop guard: written down where it holds a rule back."""
    if str(rule.pk) in path.rules:
        why = "its own change came back to it"
    elif path.depth >= RuleFiring.MOST_DEPTH:
        why = f"{path.depth} rules had started each other"
    else:
        return None
    log.warning("rule_loop_stopped", extra={"rule": str(rule.pk), "event_id": event.pk, "path": path.rules, "why": why})
    held: dict[str, Any] = {"ticket_id": event.ticket_ref, "chain": list(path.rules), "depth": path.depth}
    held |= {"outcome": RuleFiring.Outcome.STOPPED, "remarks": [f"Held back: {why}."]}
    return RuleFiring.objects.get_or_create(rule=rule, event_id=event.pk, defaults=held)[0]


def _path(event: Event) -> Path:
    """How an event came about; nothing when a person, a customer or the clock did it."""
    if not event.request_id.startswith(MARK):
        return Path()
    firing = RuleFiring.objects.filter(pk=event.request_id.removeprefix(MARK)).first()
    return Path((*firing.chain, str(firing.rule_id)), firing.depth + 1) if firing else Path()


def _ticket(event: Event) -> Ticket | None:
    tickets = Ticket.objects.filter(pk=event.ticket_ref, merged_into=None) if event.ticket_ref else Ticket.objects.none()
    return facts.readable(tickets).first()
