"""Every figure against a count by hand: the same random tickets, in Python, ticket by ticket."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.backoffice.metrics import behind, people, reading, rollup
from helpdesk.backoffice.metrics.scope import Scope
from helpdesk.core.models import User
from helpdesk.models import DayFigures
from tests.cast import make_customer, receive
from tickets import replying, sla
from tickets.models import BusinessHours, Escalation, Queue, Rating, SlaPolicy, Ticket

pytestmark = pytest.mark.django_db
Fortnight = Callable[[int], list[Ticket]]
SEEDS = (1, 2, 3)


def scopes(support: Queue) -> list[Scope]:
    wide = [Scope.of(period) for period in ("today", "7d", "30d")]
    narrow = [Scope.of("30d", queue=support), Scope.of("7d", channel="chat"), Scope.of("30d", queue=support, channel="email")]
    return [*wide, *narrow, Scope.of("7d").before()]


def within(scope: Scope, at: datetime | None) -> bool:
    return at is not None and scope.starts <= at < scope.ends


def counting(tickets: list[Ticket], scope: Scope) -> list[Ticket]:
    """By hand: those that take part in any figure of the scope."""
    return [
        one
        for one in tickets
        if one.merged_into_id is None
        and (scope.queue is None or one.queue_id == scope.queue.pk)
        and (not scope.channel or one.channel == scope.channel)
    ]


def by_hand(tickets: list[Ticket], scope: Scope) -> dict[str, int]:
    ours = counting(tickets, scope)
    created = [one for one in ours if within(scope, one.created_at)]
    went_up = {one.ticket_id for one in Escalation.objects.all() if one.state != "taken_back"}
    answered = [one for one in ours if within(scope, one.first_response_at)]
    solved = [one for one in ours if within(scope, one.resolved_at)]
    in_time = [one.first_response_at <= one.first_reply_due_at for one in answered]  # type: ignore[operator]
    in_time += [one.resolved_at <= one.resolve_due_at for one in solved if one.resolve_due_at]  # type: ignore[operator]
    return {
        "created": len(created),
        "negative": sum("negative" in one.sentiment for one in created),
        "positive": sum("positive" in one.sentiment for one in created),
        "felt": sum(bool(one.sentiment) for one in created),
        "escalated": sum(one.pk in went_up for one in created),
        "solved": len(solved),
        "met": sum(in_time),
        "missed": len(in_time) - sum(in_time),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_agree_with_a_count_by_hand(fortnight: Fortnight, support: Queue, seed: int) -> None:
    tickets = fortnight(seed)
    rollup.rebuild()
    for scope in scopes(support):
        total, hand = reading.counted(scope).total(), by_hand(tickets, scope)
        assert {name: total[name] for name in reading.COUNTS} == hand, scope
    whole = reading.counted(Scope.of("30d"))
    for what in reading.SPLITS:
        assert sum(numbers["created"] for numbers in whole.by(what).values()) == whole.total()["created"]
    for queue_id, numbers in whole.by("queue_id").items():
        narrowed = by_hand([one for one in tickets if one.queue_id == queue_id], Scope.of("30d"))
        assert {name: numbers[name] for name in reading.COUNTS} == narrowed


@pytest.mark.parametrize("seed", SEEDS)
def test_waits_agree_with_a_count_by_hand(fortnight: Fortnight, support: Queue, seed: int) -> None:
    tickets = fortnight(seed)
    rollup.rebuild()
    for scope in scopes(support):
        for what, ended in (("first_reply", "first_response_at"), ("resolution", "resolved_at")):
            ours = [one for one in counting(tickets, scope) if within(scope, getattr(one, ended))]
            ours = [one for one in ours if what == "first_reply" or one.solved_by_people]
            seconds = sorted((getattr(one, ended) - one.created_at).total_seconds() for one in ours)
            found = reading.waited(what, replace(scope, clock="wall")).whole
            apart = [reading.waited(what, scope, by).parts for by in reading.SPLITS]
            assert reading.waited(what, scope, *reading.SPLITS).parts == {key: wait for one in apart for key, wait in one.items()}
            assert found.n == len(seconds)
            if seconds:
                assert found.mean == pytest.approx(statistics.fmean(seconds))
                assert found.p50 == pytest.approx(statistics.median(seconds))
                assert found.p90 == pytest.approx(percentile(seconds, 0.9)) and found.p95 == pytest.approx(percentile(seconds, 0.95))


def test_a_day_that_is_over_is_held_against_whole_days(fortnight: Fortnight, support: Queue) -> None:
    tickets, day = fortnight(2), timezone.localdate() - timedelta(days=2)
    found, by_now = reading.hours(Scope(day, day), [day, day - timedelta(days=7)])
    for one in by_now:
        ours = [ticket.created_at for ticket in counting(tickets, Scope(one, one)) if within(Scope(one, one), ticket.created_at)]
        assert by_now[one] == len(ours) > 0
        assert {hour: numbers.created for (of, hour), numbers in found.items() if of == one and numbers.created} == Counter(
            timezone.localtime(at).hour for at in ours
        )


OPENS, CLOSES = 9, 17  # of Monday to Friday, in UTC
Pauses = list[tuple[datetime, datetime]]


def open_seconds(start: datetime, end: datetime, pauses: Pauses) -> float:
    """By hand, day by day: what of the working week lies between, less what of each pause does."""
    spent, day = 0.0, start.replace(hour=0, minute=0, second=0)
    while day < end:
        if day.weekday() < 5:
            shift = (day + timedelta(hours=OPENS), day + timedelta(hours=CLOSES))
            spent += overlap(shift, start, end) - sum(overlap(shift, max(start, a), min(end, b)) for a, b in pauses)
        day += timedelta(days=1)
    return spent


def overlap(open_hours: tuple[datetime, datetime], start: datetime, end: datetime) -> float:
    return max(0.0, (min(open_hours[1], end) - max(open_hours[0], start)).total_seconds())


@pytest.mark.parametrize("seed", SEEDS)
def test_waits_in_business_hours_agree_with_a_count_by_hand(fortnight: Fortnight, support: Queue, seed: int) -> None:
    """Half the tickets are promised office hours, some waited for their customers; what people did not solve takes no part."""
    office = BusinessHours.objects.create(name="Office", week=[[[60 * OPENS, 60 * CLOSES]]] * 5 + [[], []])
    SlaPolicy.objects.create(name="Office", hours=office, targets={}).queues.add(support)
    tickets, dice, waits = fortnight(seed), random.Random(seed), {}
    for one in tickets:
        pauses = paused(one, dice)
        one.clocks = {"pauses": [[at.isoformat() for at in pause] for pause in pauses]}
        sla.reschedule(one, at=one.resolved_at or one.created_at + timedelta(days=20))
        for ended in (one.first_response_at, one.resolved_at):
            if ended and one.queue_id == support.pk:
                waits[one.pk, ended] = open_seconds(one.created_at, ended, pauses)
            elif ended:
                waits[one.pk, ended] = (ended - one.created_at).total_seconds() - sum(overlap(p, one.created_at, ended) for p in pauses)
    Ticket.objects.bulk_update(tickets, sla.FIELDS)
    rollup.rebuild()
    for scope in scopes(support):
        for what, ended in (("first_reply", "first_response_at"), ("resolution", "resolved_at")):
            ours = [one for one in counting(tickets, scope) if within(scope, getattr(one, ended))]
            ours = [one for one in ours if what == "first_reply" or one.solved_by_people]
            seconds = [waits[one.pk, getattr(one, ended)] for one in ours]
            found = reading.waited(what, scope).whole
            assert found.n == len(seconds)
            assert found.p50 == (pytest.approx(statistics.median(seconds)) if seconds else None)


def paused(ticket: Ticket, dice: random.Random) -> Pauses:
    """A third of them stood still for some hours of the first day."""
    if dice.random() < 0.66:
        return []
    stopped = ticket.created_at + timedelta(minutes=dice.randrange(300))
    return [(stopped, stopped + timedelta(minutes=dice.randrange(1, 900)))]


def percentile(values: list[float], share: float) -> float:
    """Linear between neighbours, as PostgreSQL's percentile_cont."""
    place = share * (len(values) - 1)
    low = int(place)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (place - low)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_number_opens_as_many_tickets_as_it_says(fortnight: Fortnight, support: Queue, seed: int) -> None:
    fortnight(seed)
    rollup.rebuild()
    for scope in scopes(support):
        total = reading.counted(scope).total()
        for name in ("created", "solved", "negative", "positive", "escalated"):
            assert behind.tickets(name, scope).count() == total[name], (name, scope)
        now = people.standing(scope)
        standing = {"open": now.open, "unassigned": now.unassigned, "overdue": now.overdue, "open-escalated": now.escalated}
        for name, number in standing.items():
            assert behind.tickets(name, scope).count() == number, (name, scope)
        assert behind.tickets("rated", scope).count() == people.satisfaction(scope).n


@pytest.mark.parametrize("seed", SEEDS)
def test_satisfaction_agrees_with_a_count_by_hand(fortnight: Fortnight, support: Queue, seed: int) -> None:
    tickets = {one.pk: one for one in fortnight(seed)}
    ratings = list(Rating.objects.all())
    for scope in scopes(support):
        ours = {one.pk for one in counting(list(tickets.values()), scope)}
        scores = [one.score for one in ratings if one.ticket_id in ours and within(scope, one.created_at)]
        found = people.satisfaction(scope)
        assert found.scores == {score: scores.count(score) for score in (5, 4, 3, 2, 1)}
        assert found.mean == (pytest.approx(statistics.fmean(scores)) if scores else None)
        assert found.good == (pytest.approx(sum(one >= 4 for one in scores) / len(scores)) if scores else None)
        for by in people.RATED_BY:
            assert sum(row["ratings"] for row in people.rates(scope, by)) == len(scores)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_open_agrees_with_a_count_by_hand(fortnight: Fortnight, support: Queue, seed: int) -> None:
    tickets, now = fortnight(seed), timezone.now()
    up = {one.ticket_id for one in Escalation.objects.all() if one.state in ("waiting", "acknowledged")}
    for scope in scopes(support):
        ours = [one for one in counting(tickets, scope) if one.status in Ticket.ACTIVE]
        late = [one for one in ours if one.status in ("new", "open") and one.due_at and one.due_at < now]
        found = people.standing(scope)
        assert (found.open, found.overdue) == (len(ours), len(late))
        assert found.unassigned == sum(one.assignee_id is None for one in ours)
        assert found.escalated == sum(one.pk in up for one in ours)
        listed = people.escalations(scope)
        assert len(listed) == min(people.MOST_ESCALATIONS, found.escalated) and {one.ticket_id for one in listed} <= up
        assert found.longest_overdue == min((one.due_at for one in late if one.due_at), default=None)


# -- the rollup ------------------------------------------------------------------------------------------------


def rows() -> list[tuple[Any, ...]]:
    return [
        (
            one.day,
            one.queue_id,
            one.channel,
            *(getattr(one, name) for name in reading.COUNTS),
            sorted(one.first_replies),
            sorted(one.resolutions),
            sorted(one.first_replies_open),
            sorted(one.resolutions_open),
        )
        for one in DayFigures.objects.order_by("day", "queue_id", "channel")
    ]


def test_counting_again_changes_nothing(fortnight: Fortnight) -> None:
    fortnight(7)
    rollup.rebuild()
    first = rows()
    rollup.rebuild()
    for day in {row[0] for row in first}:
        rollup.count_day(day)
    assert rows() == first and first


def test_what_changed_since_is_counted_again_where_it_was_and_where_it_is(fortnight: Fortnight, maya: User, support: Queue) -> None:
    fortnight(8)
    rollup.refresh()
    moved = Ticket.objects.filter(status="resolved", merged_into=None, resolved_at__lt=timezone.now() - timedelta(days=3))[:3]
    for ticket in moved:
        Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now() - timedelta(days=20))
    reopened, requeued, rated = list(moved)
    _solved_by_event(reopened)
    reopened.reopen(by=maya)
    requeued.move(queue=support, by=maya)
    rated.set_priority("high", by=maya)
    rollup.refresh()
    refreshed = rows()
    rollup.rebuild()
    assert refreshed == rows()


def _solved_by_event(ticket: Ticket) -> None:
    """What the ticket's history says of the day on which it was solved: the fixture wrote rows alone."""
    from helpdesk.core.models import Event

    Event.objects.create(
        kind="ticket.status_changed", subject_type="ticket", subject_id=str(ticket.pk), ticket_ref=ticket.pk,
        data={"old": "open", "new": "resolved"}, occurred_at=ticket.resolved_at,
    )  # fmt: skip


def test_today_is_read_from_the_tickets_themselves(support: Queue, maya: User) -> None:
    ticket = receive(make_customer("Ada", "ada@x.example")).ticket
    replying.reply(ticket=ticket, by=maya, text="Done.", status="resolved")
    total = reading.counted(Scope.of("today")).total()
    assert (total["created"], total["solved"], total["met"]) == (1, 1, 2) and not DayFigures.objects.exists()


@given(first=st.dates(date(2026, 1, 1), date(2026, 12, 31)), days=st.integers(1, 400))
def test_a_scope_holds_whole_days_and_no_more_than_a_year(first: date, days: int) -> None:
    asked = {"from": first.isoformat(), "to": (first + timedelta(days=days - 1)).isoformat()}
    scope = Scope.asked(asked)
    assert scope.first <= scope.last <= timezone.localdate() and scope.days <= 366
    assert scope.ends - scope.starts == timedelta(days=scope.days)
    assert scope.before().days == scope.days and scope.before().ends == scope.starts


@pytest.mark.parametrize(
    "asked", [{"period": "x"}, {"from": "2026-13-45"}, {"queue": "nope"}, {"channel": "smoke"}, {"queue": "a\x00b"}, {}]
)
def test_what_makes_no_sense_is_today(asked: dict[str, str]) -> None:
    assert Scope.asked(asked) == Scope.of("today")
