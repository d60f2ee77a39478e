"""What supervisors set and agents read: policies, calendars with holidays, and why a ticket is due when it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from helpdesk.core.models import Event, User
from tests.cast import signed_in
from tickets.models import BusinessHours, Queue, SlaPolicy, Ticket
from tickets.sla import ical, words

POLICY = {"name": "Office", "position": "1", "is_active": "on", "warn_percent": "25", "tiers_text": "Enterprise, premium",
          "urgent-first_reply": "30 min", "urgent-resolve": "4 h", "normal-first_reply": "1 h 30"}  # fmt: skip
WEEK = {f"day-{number}": "09:00–12:30, 13:30-17.00" for number in range(5)}
HOURS = {
    "name": "Berlin",
    "time_zone": "Europe/Berlin",
    "country": "DE",
    "subdivision": "BY",
    "days_off": "2026-12-24 Christmas Eve",
    **WEEK,
}
CALENDAR = """BEGIN:VCALENDAR\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20261230\r
DTEND;VALUE=DATE:20270102\r
SUMMARY:Between the\r
  years\\, closed\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20200501\r
RRULE:FREQ=YEARLY\r
SUMMARY:Founders' day\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def test_a_policy_is_made_changed_and_removed_and_says_so(as_priya: Client, support: Queue) -> None:
    assert as_priya.post("/settings/sla/new/", {**POLICY, "queues": [str(support.pk)]}).status_code == 302
    policy = SlaPolicy.objects.get()
    assert policy.targets["urgent"] == {"first_reply": 30, "next_reply": None, "resolve": 240}
    assert policy.targets["normal"]["first_reply"] == 90
    assert (policy.tiers, list(policy.queues.all())) == (["enterprise", "premium"], [support])
    shown = as_priya.get(f"/settings/sla/{policy.pk}/").content.decode()
    assert 'value="1 h 30"' in shown and "enterprise, premium" in shown
    assert "1 h 30" in as_priya.get("/settings/sla/").content.decode()
    as_priya.post(f"/settings/sla/{policy.pk}/", {**POLICY, "urgent-first_reply": "45"})
    changed = Event.objects.filter(kind="policy.changed").last()
    assert changed is not None
    assert (changed.data["old"]["targets"]["urgent"]["first_reply"], changed.data["new"]["targets"]["urgent"]["first_reply"]) == (30, 45)
    as_priya.post(f"/settings/sla/{policy.pk}/remove/")
    assert not SlaPolicy.objects.exists()


def test_the_standard_times_become_a_policy_when_they_are_changed(as_priya: Client, ticket: Ticket, drain: object) -> None:
    page = as_priya.get("/settings/sla/new/?default=1").content.decode()
    assert 'value="72 h"' in page and "Only for these teams" not in page
    as_priya.post(
        "/settings/sla/new/?default=1", {**POLICY, "name": "Ours", **{f"{one}-first_reply": "1 h 30" for one in ("urgent", "high", "low")}}
    )
    drain()  # type: ignore[operator]
    ticket.refresh_from_db()
    assert SlaPolicy.objects.get().is_default
    assert ticket.first_reply_due_at == ticket.created_at + timedelta(minutes=90)
    assert as_priya.get("/settings/sla/new/?default=1").context["policy"].is_default is False  # there is one already


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"urgent-first_reply": "soon"}, "Write it like"),
        ({"urgent-first_reply": "5 h"}, "cannot be due after the solution"),
        ({"name": ""}, "required"),
        ({"warn_percent": "300"}, "90"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_in_words(as_priya: Client, wrong: dict[str, str], said: str) -> None:
    answer = as_priya.post("/settings/sla/new/", {**POLICY, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not SlaPolicy.objects.exists()


def test_a_calendar_has_stretches_a_country_days_of_its_own_and_those_of_a_file(as_priya: Client) -> None:
    file = SimpleUploadedFile("closed.ics", CALENDAR.encode(), "text/calendar")
    answer = as_priya.post("/settings/hours/new/", {**HOURS, "file": file})
    hours = BusinessHours.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/settings/hours/{hours.pk}/"
    assert hours.week == [[[540, 750], [810, 1020]]] * 5 + [[], []]
    days = dict(hours.holidays.values_list("day", "name"))
    assert days[date(2026, 12, 24)] == "Christmas Eve"
    assert [days[date(2026, 12, 30)], days[date(2027, 1, 1)]] == ["Between the years, closed"] * 2
    assert date(2027, 1, 2) not in days
    calendar = hours.as_hours()
    assert calendar.is_holiday(date(2027, 1, 6))  # Epiphany, in Bavaria
    assert not calendar.is_holiday(date(2027, 1, 7))
    shown = as_priya.get(f"/settings/hours/{hours.pk}/").content.decode()
    assert "09:00–12:30, 13:30–17:00" in shown and "2026-12-24 Christmas Eve" in shown
    as_priya.post(f"/settings/hours/{hours.pk}/", HOURS)  # the lines say what stays
    assert list(hours.holidays.values_list("day", flat=True)) == [date(2026, 12, 24)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day-0": "09:00–12:00, 11:00–17:00"}, "overlap"),
        ({"day-0": "17:00–09:00"}, "end after they begin"),
        ({"day-0": "09:00–25:00"}, "end after they begin"),
        ({"day-0": "nine to five"}, "is not like"),
        ({f"day-{number}": "" for number in range(7)}, "at some time"),
        ({"time_zone": "Mars/Olympus"}, "no such time zone"),
        ({"subdivision": "ZZ"}, "no such region"),
        ({"country": "XX"}, "valid choice"),
        ({"days_off": "Christmas"}, "does not begin with a date"),
        ({"file": SimpleUploadedFile("x.ics", b"\x00\xff no calendar")}, "no calendar"),
    ],
)
def test_hours_that_cannot_be_are_refused_in_words(as_priya: Client, wrong: dict[str, object], said: str) -> None:
    answer = as_priya.post("/settings/hours/new/", {**HOURS, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not BusinessHours.objects.exists()


def test_a_calendar_in_use_stays(as_priya: Client) -> None:
    hours = BusinessHours.objects.create(name="Berlin")
    SlaPolicy.objects.create(name="Office", hours=hours)
    assert "is in use" in as_priya.post(f"/settings/hours/{hours.pk}/remove/", follow=True).content.decode()
    SlaPolicy.objects.all().delete()
    as_priya.post(f"/settings/hours/{hours.pk}/remove/")
    assert not BusinessHours.objects.exists()


def test_a_file_of_a_million_events_ends() -> None:
    event = "BEGIN:VEVENT\nDTSTART:20200101\nDTEND:20991231\nRRULE:FREQ=YEARLY\nEND:VEVENT\n"
    assert len(ical.days("BEGIN:VCALENDAR\n" + event * 50_000, today=date(2026, 1, 1))) <= ical.MOST_DAYS


@pytest.mark.parametrize("length", [1, 45, 60, 90, 1440, 100_000])
def test_a_length_is_read_as_it_is_written(length: int) -> None:
    assert words.minutes(words.length_text(length)) == length


def test_an_agent_reads_why_a_ticket_is_due_then(as_maya: Client, ticket: Ticket, django_assert_max_num_queries: object) -> None:
    assert "/due/" in as_maya.get(f"/tickets/{ticket.number}/").content.decode()
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        page = as_maya.get(f"/tickets/{ticket.number}/due/", headers={"HX-Request": "true"}).content.decode()
    assert "First reply" in page and "8 h by the policy “Standard”" in page and "Counted round the clock" in page
    assert "<html" not in page and "<html" in as_maya.get(f"/tickets/{ticket.number}/due/").content.decode()


def test_partners_read_the_policy_and_what_was_not_kept(api: Client, ticket: Ticket) -> None:
    told = api.get(f"/api/v1/tickets/{ticket.number}/").json()["sla"]
    assert (told["policy"], told["paused"], told["breached"]) == ("Standard", False, [])
    Ticket.objects.filter(pk=ticket.pk).update(first_reply_due_at=ticket.created_at - timedelta(hours=1))
    assert api.get(f"/api/v1/tickets/{ticket.number}/").json()["sla"]["breached"] == ["first_reply"]
