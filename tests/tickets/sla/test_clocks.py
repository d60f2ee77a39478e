"""The clocks of real tickets: which policy takes them, what a pause and a change do to a due time, and what is told of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connections, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.models import Event, User
from tests.cast import make_customer, receive
from tickets import replying, sla, watching
from tickets.models import BusinessHours, Holiday, Queue, SlaPolicy, Ticket
from tickets.sla import clocks, ledger
from tickets.sla.clocks import Record, Stretch
from tickets.sla.hours import Hours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = [[[540, 720], [780, 1020]] for _day in range(5)] + [[], []]  # nine to five with an hour for lunch


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def minutes(first: int | None, following: int | None = None, solved: int | None = None) -> dict[str, dict[str, int | None]]:
    promised = {"first_reply": first, "next_reply": following, "resolve": solved}
    return {priority: dict(promised) for priority in ("urgent", "high", "normal", "low")}


@pytest.fixture
def office(db: None) -> BusinessHours:
    return BusinessHours.objects.create(name="Berlin office", time_zone="Europe/Berlin", week=OFFICE, country="DE")


# -- which policy ----------------------------------------------------------------------------------------------


def test_without_policies_the_plain_times_hold(ticket: Ticket) -> None:
    assert ticket.first_reply_due_at == ticket.created_at + timedelta(hours=8)
    assert ticket.resolve_due_at == ticket.created_at + timedelta(days=3)
    assert ledger.accounts(ticket)[0].policy == "Standard"


def test_the_first_policy_that_takes_team_and_tier_counts_and_the_default_takes_the_rest(support: Queue, billing: Queue) -> None:
    SlaPolicy.objects.create(name="Everybody", is_default=True, targets=minutes(400))
    gold = SlaPolicy.objects.create(name="Enterprise billing", position=1, tiers=["enterprise"], targets=minutes(10))
    gold.queues.add(billing)
    SlaPolicy.objects.create(name="Enterprise", position=2, tiers=["enterprise"], targets=minutes(20))
    SlaPolicy.objects.create(name="Out of use", position=0, is_active=False, targets=minutes(1))
    rich, poor = make_customer("Rich", "rich@example.com", tier="Enterprise"), make_customer("Poor", "poor@example.com", tier="free")

    def promised(who: object, queue: str) -> int:
        found = receive(who, queue=queue).ticket  # type: ignore[arg-type]
        return round((found.first_reply_due_at - found.created_at).total_seconds() / 60)

    assert [promised(rich, "billing"), promised(rich, "support"), promised(poor, "billing")] == [10, 20, 400]


def test_a_ticket_that_moves_falls_under_the_other_teams_policy_and_keeps_the_time_it_used(
    support: Queue, billing: Queue, maya: User, office: BusinessHours
) -> None:
    policy = SlaPolicy.objects.create(name="Billing", hours=office, targets=minutes(240))
    policy.queues.add(billing)
    found = receive().ticket
    Ticket.objects.filter(pk=found.pk).update(created_at=found.created_at - timedelta(hours=3))
    found.refresh_from_db()
    found.move(queue=billing, by=maya)
    moved_at = datetime.fromisoformat(found.clocks["stretches"][-1]["at"])
    record = Record.read(found.clocks)
    calendars = {str(office.pk): office.as_hours()}
    assert timedelta(hours=3) <= clocks.used(record, found.created_at, moved_at, calendars) < timedelta(hours=3, minutes=1)


def test_a_wait_counts_open_hours_once_and_is_forgotten_when_the_ticket_opens_again(ticket: Ticket, office: BusinessHours) -> None:
    SlaPolicy.objects.create(name="Office", is_default=True, hours=office, targets=minutes(60))
    ticket.created_at, ticket.status = berlin("2026-03-06 16:00"), Ticket.Status.OPEN  # a Friday, an hour before all go home
    ticket.clocks, ticket.first_response_at = {}, berlin("2026-03-09 10:30")
    sla.reschedule(ticket, at=berlin("2026-03-09 10:30"))
    assert (ticket.first_reply_took, ticket.solving_took) == (2.5 * 3600, None)
    office.week = [*OFFICE[:4], [], [], []]
    office.save()
    ticket.resolved_at, ticket.status = berlin("2026-03-09 11:00"), Ticket.Status.RESOLVED
    sla.reschedule(ticket, at=berlin("2026-03-09 11:00"))
    assert (ticket.first_reply_took, ticket.solving_took) == (2.5 * 3600, 2 * 3600)
    ticket.resolved_at, ticket.status = None, Ticket.Status.OPEN
    sla.reschedule(ticket, at=berlin("2026-03-09 12:00"))
    assert ticket.solving_took is None


def test_it_is_known_who_solved_it(ticket: Ticket, maya: User) -> None:
    ticket.resolve(by=None)
    assert not ticket.solved_by_people
    ticket.reopen(by=maya)
    ticket.resolve(by=maya)
    ticket.set_status(Ticket.Status.CLOSED, by=None)
    ticket.refresh_from_db()
    assert ticket.solved_by_people, "the machine closed what a person had solved"


# -- pauses ----------------------------------------------------------------------------------------------------


def test_time_while_we_wait_for_the_customer_does_not_count(ticket: Ticket, maya: User) -> None:
    began = ticket.created_at - timedelta(hours=6)
    Ticket.objects.filter(pk=ticket.pk).update(created_at=began)
    ticket.set_status("pending", by=maya)
    assert ticket.due_at is None and ticket.sla_check_at is None
    Ticket.objects.filter(pk=ticket.pk).update(clocks=_paused_for(ticket, timedelta(hours=5)))
    ticket.refresh_from_db()
    ticket.set_status("open", by=maya)
    [(stopped, resumed)] = Record.read(ticket.clocks).pauses
    assert resumed is not None and resumed - stopped >= timedelta(hours=5)
    assert ticket.resolve_due_at == began + timedelta(days=3) + (resumed - stopped)


def _paused_for(ticket: Ticket, length: timedelta) -> dict[str, object]:
    record = Record.read(ticket.clocks)
    record.pauses[-1] = (record.pauses[-1][0] - length, None)
    return {**record.write(), "warn_percent": 25}


def test_an_impatient_customer_does_not_move_the_promise_of_the_next_reply(ticket: Ticket, maya: User) -> None:
    replying.reply(ticket=ticket, by=maya, text="We look into it.")
    for body in ("And?", "Hello?"):
        receive(ticket.customer, body=body, metadata={"ticket_number": ticket.number})
    ticket.refresh_from_db()
    first_unanswered = ticket.messages.filter(body_text="And?").get().created_at
    assert ticket.next_reply_due_at == first_unanswered + timedelta(hours=8)
    replying.reply(ticket=ticket, by=maya, text="Done.")
    ticket.refresh_from_db()
    assert ticket.next_reply_due_at is None


def test_what_was_promised_and_kept_is_not_rewritten_by_a_later_change(ticket: Ticket, maya: User) -> None:
    replying.reply(ticket=ticket, by=maya, text="We look into it.")
    promised = ticket.first_reply_due_at
    ticket.set_priority("urgent", by=maya)
    assert ticket.first_reply_due_at == promised


edges = st.lists(st.integers(0, 20_000), min_size=0, max_size=12, unique=True).map(sorted)


@settings(max_examples=80, deadline=None)
@given(edges, st.integers(1, 4000), st.lists(st.integers(1, 20_000), max_size=4, unique=True).map(sorted))
def test_carry_over_loses_and_invents_no_minute(pauses: list[int], target: int, changes: list[int]) -> None:
    """However often the calendar changes: up to the due time, exactly the target was counted."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    calendars = {
        "a": Hours("Europe/Berlin", tuple(((540, 1020),) if day < 5 else () for day in range(7))),
        "b": Hours("America/New_York", (((0, 600), (700, 800)),) * 7, frozenset({date(2026, 3, 5)})),
    }
    terms = {"first_reply": target, "next_reply": None, "resolve": None}
    record = Record([Stretch(start, hours="a", targets=terms)])
    for number, minute in enumerate(changes):
        record.follow(Stretch(start + timedelta(minutes=minute), hours="ab"[(number + 1) % 2], targets=terms))
    for a, b in zip(pauses[0::2], pauses[1::2], strict=False):
        record.pause(start + timedelta(minutes=a))
        record.resume(start + timedelta(minutes=b))
    due = clocks.due(record, "first_reply", start, calendars)
    assert due is not None
    assert clocks.used(record, start, due, calendars) == timedelta(minutes=target)
    assert clocks.used(record, start, due - timedelta(minutes=1), calendars) == timedelta(minutes=target - 1)
    assert Record.read(record.write()) == record


def test_a_ticket_that_flaps_for_ever_keeps_a_small_record_and_the_whole_pause() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    record = Record([Stretch(start)])
    for number in range(1000):
        record.pause(start + timedelta(minutes=2 * number))
        record.resume(start + timedelta(minutes=2 * number + 1))
    assert len(record.pauses) == clocks.MOST
    assert sum((end - begin for begin, end in record.finished_pauses), timedelta()) == timedelta(minutes=1000)


# -- warnings and breaches -------------------------------------------------------------------------------------


def told(ticket: Ticket) -> list[tuple[str, str]]:
    events = Event.objects.filter(ticket_ref=ticket.pk, kind__startswith="sla.").order_by("id")
    return [(event.kind, event.data["clock"]) for event in events]


def test_a_warning_and_a_breach_are_told_once_each(ticket: Ticket) -> None:
    assert watching.watch() == 0
    assert ticket.sla_check_at == ticket.created_at + timedelta(hours=6)  # a quarter of eight hours is left
    for _twice in range(2):
        watching.watch(ticket.sla_check_at)
    for _twice in range(2):
        watching.watch(ticket.created_at + timedelta(hours=8))
    assert told(ticket) == [("sla.warned", "first_reply"), ("sla.breached", "first_reply")]
    ticket.refresh_from_db()
    assert ticket.sla_check_at == ticket.created_at + timedelta(days=3) * 0.75


def test_a_breach_that_comes_before_its_warning_is_told_alone(ticket: Ticket) -> None:
    watching.watch(ticket.created_at + timedelta(hours=9))
    assert told(ticket) == [("sla.breached", "first_reply")]


def test_a_kept_promise_is_never_told_of(ticket: Ticket, maya: User) -> None:
    replying.reply(ticket=ticket, by=maya, text="We look into it.", status="resolved")
    assert watching.watch(ticket.created_at + timedelta(days=30)) == 0


def test_a_promise_moved_to_later_is_told_of_again(ticket: Ticket, maya: User) -> None:
    ticket.set_priority("urgent", by=maya)
    watching.watch(ticket.created_at + timedelta(minutes=31))
    ticket.refresh_from_db()
    ticket.set_priority("low", by=maya)
    assert "first_reply.breached" not in ticket.clocks["told"]
    watching.watch(ticket.created_at + timedelta(hours=25))
    assert told(ticket).count(("sla.breached", "first_reply")) == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_watch_at_once_tell_it_once(ticket: Ticket) -> None:
    late = ticket.created_at + timedelta(hours=9)
    with transaction.atomic():
        Ticket.objects.select_for_update().get(pk=ticket.pk)
        from concurrent.futures import ThreadPoolExecutor

        def other() -> int:
            try:
                return watching.watch(late)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(other).result() == 0  # held: it does not wait
    assert watching.watch(late) == 1
    assert watching.watch(late) == 0


def test_a_changed_policy_moves_the_open_tickets(ticket: Ticket, drain: object) -> None:
    SlaPolicy.objects.create(name="Quick", is_default=True, targets=minutes(5))
    assert watching.rework_all() == 1
    ticket.refresh_from_db()
    assert ticket.first_reply_due_at == ticket.created_at + timedelta(minutes=5)


# -- why -------------------------------------------------------------------------------------------------------


def test_the_ledger_adds_up_to_the_due_time(support: Queue, office: BusinessHours) -> None:
    SlaPolicy.objects.create(name="Office", is_default=True, hours=office, targets=minutes(480, None, None))
    Holiday.objects.create(hours=office, day=date(2026, 12, 23), name="Works outing")
    found = receive(received_at=berlin("2026-12-22T16:00")).ticket
    record = Record.read(found.clocks)
    record.pause(berlin("2026-12-24T09:30"))
    record.resume(berlin("2026-12-24T10:30"))
    Ticket.objects.filter(pk=found.pk).update(clocks={**record.write(), "warn_percent": 25})
    found.refresh_from_db()
    sla.reschedule(found)
    account = ledger.accounts(found, now=berlin("2026-12-24T12:00"))[0]
    assert found.first_reply_due_at == account.due == berlin("2026-12-28T10:00")
    assert [(line.at, line.until) for line in account.lines if line.kind == "open"] == [
        (berlin("2026-12-22T16:00"), berlin("2026-12-22T17:00")),
        (berlin("2026-12-24T09:00"), berlin("2026-12-24T09:30")),
        (berlin("2026-12-24T10:30"), berlin("2026-12-24T12:00")),
        (berlin("2026-12-24T13:00"), berlin("2026-12-24T17:00")),
        (berlin("2026-12-28T09:00"), berlin("2026-12-28T10:00")),
    ]
    assert account.lines[-1].total == account.target == timedelta(hours=8)
    assert [line.day for line in account.lines if line.kind == "holiday"] == [date(2026, 12, 23), date(2026, 12, 25)]
    [pause] = [line for line in account.lines if line.kind == "pause"]
    assert pause.length == timedelta(hours=1)
    assert account.used == timedelta(hours=3)  # by noon on the 24th: an hour, half an hour, an hour and a half


# -- what may be set -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "week",
    [
        [[]] * 7,
        [[[540, 1020]]] * 6,
        [[[1020, 540]]] + [[]] * 6,
        [[[540, 800], [780, 900]]] + [[]] * 6,
        [[[0, 1441]]] + [[]] * 6,
        [[[540, 540]]] + [[]] * 6,
        [[["9", "17"]]] + [[]] * 6,
        "always",
    ],
)
def test_hours_that_overlap_or_cannot_be_are_refused(week: object) -> None:
    with pytest.raises(ValidationError):
        BusinessHours(name="Odd", week=week).clean()


@pytest.mark.parametrize(
    "targets", [minutes(0), minutes(-5), minutes(600, None, 60), {"urgent": {"lunch": 3}}, {"soon": {}}, minutes(10**9), []]
)
def test_targets_that_are_no_promise_are_refused(targets: object) -> None:
    with pytest.raises(ValidationError):
        SlaPolicy(name="Odd", targets=targets).clean()
