"""Who is on duty when: shifts by the clock of each person, days on which somebody stands in, and whom an escalation tells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from helpdesk.core.models import Event, User
from tests.cast import make_agent, signed_in
from tickets import duty, escalating
from tickets.models import DutyDay, DutyShift, EscalationLevel, Notice, Ticket
from tickets.notices import hearing

pytestmark = pytest.mark.django_db

NIGHTS = [[[0, 360], [1320, 1440]]] * 7  # 22:00 to 06:00
WHENEVER = [[[0, 1440]]] * 7
MONDAY_NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def level(db: None) -> EscalationLevel:
    return EscalationLevel.objects.create(slug="security", minutes=15)


@pytest.fixture
def asha(db: None) -> User:
    return make_agent("Asha Rao", time_zone="Asia/Kolkata")


def shift(level: EscalationLevel, person: User, week: Any = None, zone: str = "") -> DutyShift:
    return DutyShift.objects.create(level=level, person=person, time_zone=zone, **({"week": week} if week else {}))


def on_duty(at: datetime) -> list[str]:
    return [person.name for person in duty.at_level("security", at)]


def test_a_shift_counts_by_the_clock_of_its_person(level: EscalationLevel, asha: User, maya: User) -> None:
    shift(level, asha)  # nine to five in Kolkata: 03:30 to 11:30 UTC
    shift(level, maya, zone="America/New_York")  # 14:00 to 22:00 UTC in winter
    moments = {3: "", 4: "Asha Rao", 11: "Asha Rao", 12: "", 14: maya.name, 21: maya.name, 22: ""}
    assert {hour: "".join(on_duty(datetime(2026, 11, 30, hour, tzinfo=UTC))) for hour in moments} == moments
    assert on_duty(datetime(2026, 11, 29, 5, tzinfo=UTC)) == [], "it is Sunday"


def test_a_time_zone_that_nobody_knows_is_taken_for_utc(level: EscalationLevel, maya: User) -> None:
    User.objects.filter(pk=maya.pk).update(time_zone="Mars/Olympus")
    shift(level, User.objects.get(pk=maya.pk))
    assert on_duty(MONDAY_NOON) == [maya.name]


def test_a_night_goes_on_after_midnight(level: EscalationLevel, maya: User) -> None:
    shift(level, maya, NIGHTS, "UTC")
    assert [hour for hour in range(24) if on_duty(datetime(2026, 11, 30, hour, 30, tzinfo=UTC))] == [0, 1, 2, 3, 4, 5, 22, 23]


def test_somebody_stands_in_for_a_day_of_their_clock_or_nobody_does(level: EscalationLevel, asha: User, maya: User) -> None:
    shift(level, asha, WHENEVER)
    DutyDay.objects.create(level=level, day=date(2026, 12, 1), person=asha, stand_in=maya)
    assert on_duty(MONDAY_NOON) == ["Asha Rao"]
    assert on_duty(MONDAY_NOON.replace(hour=19)) == [maya.name], "in Kolkata it is the first of December"
    DutyDay.objects.update(stand_in=None)
    assert on_duty(MONDAY_NOON.replace(hour=19)) == []


def test_who_is_ticked_is_on_duty_at_any_hour_until_they_have_hours(level: EscalationLevel, maya: User) -> None:
    level.on_duty.add(maya)
    assert on_duty(MONDAY_NOON.replace(hour=3)) == [maya.name]
    shift(level, maya, zone="UTC")
    assert (on_duty(MONDAY_NOON), on_duty(MONDAY_NOON.replace(hour=3))) == ([maya.name], [])


def test_who_has_left_is_on_no_duty(level: EscalationLevel, maya: User, asha: User) -> None:
    shift(level, maya, WHENEVER)
    DutyDay.objects.create(level=level, day=MONDAY_NOON.date(), person=maya, stand_in=asha)
    User.objects.filter(pk=asha.pk).update(is_active=False)
    assert on_duty(MONDAY_NOON) == []


def test_an_escalation_tells_who_is_on_duty_now(level: EscalationLevel, ticket: Ticket, asha: User, tomasz: User, maya: User) -> None:
    shift(level, asha, WHENEVER)
    shift(level, tomasz, WHENEVER)
    days = [timezone.now().date() + timedelta(days=number) for number in range(-1, 3)]  # whatever hour it is, here and there
    DutyDay.objects.bulk_create(DutyDay(level=level, day=day, person=asha) for day in days)
    escalating.escalate(ticket, level="security", reason="A stranger signed in", by=maya)
    hearing.hear(Event.objects.get(kind="ticket.escalated"))
    told = set(Notice.objects.filter(kind="escalated").values_list("user__name", flat=True))
    assert tomasz.name in told and "Asha Rao" not in told


def test_a_supervisor_sets_shifts_and_days_on_a_page(priya: User, maya: User, tomasz: User, django_assert_max_num_queries: Any) -> None:
    client: Client = signed_in(priya)
    page = "/settings/escalations/security/duty/"
    week = {f"day-{number}": "00:00–24:00" for number in range(7)}
    assert client.post(page, {"person": maya.pk, "time_zone": "UTC", **week}).status_code == 302
    assert "Monday–Sunday 00:00–24:00" in client.get(page).content.decode() and maya.name in client.get("/escalations/").content.decode()
    assert client.post(page, {"person": maya.pk, "time_zone": "UTC", "day-0": "09:00–17:00"}).status_code == 302
    assert DutyShift.objects.get().week == [[[540, 1020]], [], [], [], [], [], []], "said anew, it holds instead"
    assert "09:00–17:00" in client.get(f"{page}?person={maya.pk}").content.decode()
    assert client.post(page, {"person": maya.pk, "time_zone": "Mars", "day-0": "09:00–17:00"}).status_code == 422
    assert client.post(page, {"person": maya.pk, "day-0": "17:00–09:00"}).status_code == 422
    day = {"day": "2030-12-24", "person": maya.pk, "stand_in": tomasz.pk}
    assert client.post(f"{page}days/", day).status_code == 302
    assert client.post(f"{page}days/", {**day, "stand_in": ""}).status_code == 302
    assert client.post(f"{page}days/", {**day, "stand_in": maya.pk}).status_code == 422
    assert DutyDay.objects.get().stand_in is None
    told = Event.objects.filter(kind="escalation_level.changed").latest("id").data
    assert told["new"]["days"] == [["2030-12-24", maya.name, ""]]
    with django_assert_max_num_queries(4):
        duty.roster()
    client.post(f"{page}{DutyShift.objects.get().pk}/remove/")
    client.post(f"{page}days/{DutyDay.objects.get().pk}/remove/")
    assert not DutyShift.objects.exists() and not DutyDay.objects.exists()
