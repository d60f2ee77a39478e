"""By the clock: rules on a schedule find their tickets in SQL, and each ticket's turn is a transaction of its own.

Such a rule meets a ticket again only after something happened in it since: the customer or a colleague wrote, or the status
changed. So "remind after three days" reminds once, without a rule having to mark what it did.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from tickets.models import Rule, RuleFiring, Ticket

from . import conditions, facts
from .firing import carry_out, locked

log = logging.getLogger(__name__)

A_ROUND = 200  # tickets of one rule; the rest waits a minute


def run_due(now: datetime | None = None) -> int:
    """One round of every rule that is due; returns how many tickets were met. Two workers never run the same one at once."""
    now = now or timezone.now()
    return sum(run(rule, now) for rule in list(Rule.objects.due(now)) if _claim(rule, now))


def run(rule: Rule, now: datetime) -> int:
    """One round of one rule. What is beyond `A_ROUND` comes in the next."""
    ids = list(matching(rule, now).values_list("pk", flat=True)[: A_ROUND + 1])
    if len(ids) > A_ROUND:
        Rule.objects.filter(pk=rule.pk).update(next_run_at=now)
    return sum(_meet(rule, pk, now) for pk in ids[:A_ROUND])


def matching(rule: Rule, now: datetime) -> QuerySet[Ticket]:
    """The tickets that the rule would meet now."""
    found = Ticket.objects.filter(conditions.where(rule.conditions, now=now, zone=rule.zone), merged_into=None)
    stirred = Greatest("status_since", "last_customer_message_at", "last_agent_message_at")  # PostgreSQL leaves NULLs out
    met = RuleFiring.objects.filter(rule=rule, ticket=OuterRef("pk"), undone_at=None, at__gte=OuterRef("stirred_at"))
    return found.annotate(stirred_at=stirred).exclude(Exists(met)).order_by("created_at", "pk")


def _meet(rule: Rule, pk: UUID, now: datetime) -> bool:
    with transaction.atomic():
        ticket = locked(pk)
        fresh = facts.readable(matching(rule, now).filter(pk=pk)).first() if ticket else None
        if ticket is None or fresh is None or not conditions.holds(rule.conditions, {**facts.of(fresh, now=now), "zone": rule.zone}):
            return False
        firing = RuleFiring.objects.create(rule=rule, ticket=ticket)
        carry_out(rule, ticket, firing, answers=None)
    return True


def _claim(rule: Rule, now: datetime) -> bool:
    following = now + timedelta(minutes=max(1, rule.every_minutes))
    return bool(Rule.objects.due(now).filter(pk=rule.pk).update(next_run_at=following))
