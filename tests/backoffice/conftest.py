"""A company's random fortnight, made without a single call of the code that counts it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from customers.models import Customer
from helpdesk.core.models import User
from tickets.models import Escalation, Queue, Rating, Ticket

from .configured import company, ruth  # noqa: F401

FORTNIGHT = 14


@pytest.fixture(autouse=True)
def _empty_cache() -> Any:
    """What the dashboard and the rollup remember must not outlive the rows."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def fortnight(support: Queue, billing: Queue, ingrid: Customer, maya: User) -> Callable[[int], list[Ticket]]:
    """`fortnight(seed)`: some hundred tickets of the last days, answered, solved, rated, escalated, merged at random."""

    def make(seed: int, number: int = 160) -> list[Ticket]:
        dice = random.Random(seed)
        now = timezone.now().replace(microsecond=0)
        tickets = [_ticket(dice, n, now, queues=(support, billing), customer=ingrid, agent=maya) for n in range(number)]
        Ticket.objects.bulk_create(tickets)
        merged = dice.sample(tickets[1:], 5)
        for one in merged:
            one.merged_into = tickets[0]
        Ticket.objects.bulk_update(merged, ["merged_into"])
        Rating.objects.bulk_create(_ratings(dice, tickets, now))
        Escalation.objects.bulk_create(_escalations(dice, tickets))
        return tickets

    return make


def _ticket(dice: random.Random, n: int, now: datetime, *, queues: tuple[Queue, ...], customer: Customer, agent: User) -> Ticket:
    created = now - timedelta(minutes=dice.randrange(FORTNIGHT * 1440))
    answered = created + timedelta(minutes=dice.choice((1, 5, 30, 31, 200, 3000)))
    solved = answered + timedelta(minutes=dice.choice((0, 60, 600, 4000)))
    is_answered, is_solved = dice.random() < 0.8 and answered <= now, dice.random() < 0.7 and solved <= now
    due = created + timedelta(hours=5)
    if abs(due - now) < timedelta(hours=1):  # no clock may strike while the test counts
        due += timedelta(hours=3)
    status = dice.choice(("resolved", "closed")) if is_solved else dice.choice(("new", "open", "pending", "on_hold"))
    return Ticket(
        number=f"TKT-20200101-{n:05}",
        subject=f"Ticket {n}",
        queue=dice.choice(queues),
        customer=customer,
        channel=dice.choice(("email", "chat", "phone")),
        status=status,
        assignee=dice.choice((agent, None)),
        sentiment=dice.choice(("", "very_negative", "negative", "neutral", "positive", "very_positive")),
        created_at=created,
        updated_at=now - timedelta(days=20),
        first_response_at=answered if is_answered else None,
        resolved_at=solved if is_solved else None,
        solved_by_people=dice.random() < 0.8,
        first_reply_due_at=created + timedelta(minutes=30),
        resolve_due_at=dice.choice((None, created + timedelta(hours=10))),
        due_at=None if is_solved else due,
    )


def _ratings(dice: random.Random, tickets: list[Ticket], now: datetime) -> list[Rating]:
    solved = [one for one in tickets if one.resolved_at and dice.random() < 0.6]
    rows = []
    for one in solved:
        at = min(now, one.resolved_at + timedelta(minutes=dice.randrange(3000)))  # type: ignore[operator]
        words = dice.choice(("", "Words"))
        score, agent = dice.randint(1, 5), one.assignee
        rows.append(
            Rating(
                ticket=one, customer=one.customer, queue=one.queue, agent=agent, score=score, comment=words, source="mail", created_at=at
            )
        )
    return rows


def _escalations(dice: random.Random, tickets: list[Ticket]) -> list[Escalation]:
    """A third of them had to go up, some of those twice; with solved ones it is over, and some were taken back."""
    waits = next(one for one in tickets if not one.resolved_at and not one.merged_into)
    rows = [Escalation(ticket=waits, level="supervisor", raised_at=waits.created_at)]
    for one in tickets:
        for _time in range(dice.choice((0, 0, 1)) if one is not waits else 0):
            over = ("done", "handed_back", "taken_back")
            state = dice.choice(over if one.resolved_at else ("waiting", "acknowledged", *over))
            rows.append(Escalation(ticket=one, level="supervisor", reasons=["x"], state=state, raised_at=one.created_at))
            if dice.random() < 0.3:
                rows.append(Escalation(ticket=one, level="legal", reasons=["y"], state="handed_back", raised_at=one.created_at))
    return rows
