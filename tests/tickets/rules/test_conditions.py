"""Conditions: what holds, that nothing makes them raise, and that Python and SQL say the same of every ticket."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Organisation
from tests.cast import make_agent, make_category, make_customer
from tickets.models import BusinessHours, Queue, Tag, Ticket
from tickets.rules import facts
from tickets.rules.conditions import failing, holds, problems, where
from tickets.rules.fields import FIELDS
from tickets.sla.hours import Hours

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)  # a Wednesday
ANY_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)


def all_of(*conditions: tuple[str, str, str]) -> dict[str, Any]:
    return {"all": [dict(zip(("field", "op", "value"), one, strict=True)) for one in conditions]}


def known(**given_facts: Any) -> dict[str, Any]:
    return {"now": NOW, "zone": "UTC", **given_facts}


def test_all_of_the_first_list_and_one_of_the_second_must_hold() -> None:
    conditions = {
        "all": [{"field": "status", "op": "is", "value": "open"}],
        "any": [{"field": "priority", "op": "is", "value": "high"}, {"field": "priority", "op": "is", "value": "urgent"}],
    }
    assert holds(conditions, known(status="open", priority="urgent"))
    assert not holds(conditions, known(status="open", priority="low"))
    assert not holds(conditions, known(status="new", priority="high"))
    assert holds({}, known())


def test_what_did_not_hold_is_named() -> None:
    conditions = all_of(("status", "is", "open"), ("priority", "is", "high"))
    assert [one["field"] for one in failing(conditions, known(status="open", priority="low"))] == ["priority"]


@pytest.mark.parametrize(
    ("condition", "fact", "expected"),
    [
        (("subject", "contains", "refund, money back"), {"subject": "Where is my MONEY BACK?"}, True),
        (("subject", "contains_not", "refund"), {"subject": "Hello"}, True),
        (("message", "contains", "lawyer"), {}, False),
        (("tag", "has", "VIP"), {"tag": {"vip"}}, True),
        (("tier", "has_not", "enterprise"), {"tier": {"standard"}}, True),
        (("frustration", "at_least", "70"), {"frustration": 0.7}, True),
        (("frustration", "at_least", "70"), {"frustration": None}, False),
        (("assignee", "is", ""), {"assignee": ""}, True),
        (("created", "more_than", "48"), {"created": NOW - timedelta(hours=49)}, True),
        (("created", "less_than", "48"), {"created": NOW - timedelta(hours=49)}, False),
        (("customer_wrote", "more_than", "1"), {"customer_wrote": None}, False),
        (("due", "less_than", "2"), {"due": NOW + timedelta(hours=1)}, True),
        (("escalated", "is", "no"), {"escalated": False}, True),
        (("weekday", "is", "wed"), {}, True),
        (("hour", "at_least", "10"), {}, True),
        (("rating", "at_most", "2"), {"rating": 1}, True),
    ],
)
def test_each_kind_of_field_compares_as_people_read_it(condition, fact, expected) -> None:
    assert holds(all_of(condition), known(**fact)) is expected


def test_hours_and_days_are_those_of_the_rules_own_clock() -> None:
    at = known(zone="Pacific/Auckland")  # 23:30 there
    assert holds(all_of(("hour", "at_least", "23")), at)
    assert holds(all_of(("weekday", "is", "wed")), at)


conditions_like = st.fixed_dictionaries(
    {
        "field": st.sampled_from(sorted(FIELDS)) | ANY_VALUE,
        "op": st.sampled_from(["is", "has", "at_least", "contains", "more_than"]) | ANY_VALUE,
    },
    optional={"value": ANY_VALUE},
)


@given(st.dictionaries(st.sampled_from(["all", "any", "none"]), st.lists(conditions_like | ANY_VALUE, max_size=4) | ANY_VALUE) | ANY_VALUE)
def test_nothing_that_somebody_stores_makes_it_raise(conditions: Any) -> None:
    assert holds(conditions, known()) in (True, False)
    assert isinstance(where(conditions, now=NOW), object)


@given(st.sampled_from(["choice", "ref", "set", "words", "flag"]), st.text(max_size=12), st.text(max_size=12))
def test_is_and_is_not_are_opposites(kind: str, value: str, fact: str) -> None:
    name = {"choice": "language", "ref": "assignee", "set": "tier", "words": "subject", "flag": "escalated"}[kind]
    ops = list(FIELDS[name].ops)
    if kind == "ref":
        value = ""
    if kind == "flag":
        either = [holds(all_of((name, "is", answer)), known(escalated=bool(fact))) for answer in ("yes", "no")]
    else:
        stored: Any = {fact} if kind == "set" else fact
        either = [holds(all_of((name, op, value)), known(**{name: stored})) for op in ops]
    assert sorted(either) == [False, True]


def test_inside_and_outside_business_hours_are_those_of_a_calendar_or_of_the_tickets_sla() -> None:
    office = Hours(zone="Europe/Berlin", week=(((540, 720), (780, 1020)),) * 5 + ((), ()), closed=frozenset({date(2026, 3, 5)}))
    pk = str(uuid4())
    at = {"calendars": {pk: office}, "own_hours": pk}
    for value in (pk, ""):  # 10:30 in UTC is 11:30 there, on a Wednesday
        assert holds(all_of(("business_hours", "inside", value)), known(**at))
        assert holds(all_of(("business_hours", "outside", value)), {**known(**at), "now": NOW + timedelta(hours=1)}), "lunch"
        assert holds(all_of(("business_hours", "outside", value)), {**known(**at), "now": NOW + timedelta(days=1)}), "a holiday"
        assert holds(all_of(("business_hours", "outside", value)), {**known(**at), "now": NOW + timedelta(days=3)}), "Saturday"
    assert holds(all_of(("business_hours", "inside", "")), known(own_hours="")), "round the clock"


def test_what_a_person_must_mend_is_said_in_a_sentence(db: None) -> None:
    def said(*condition: str, by_clock: bool = False) -> str:
        return " ".join(problems({"all": [dict(zip(("field", "op", "value"), condition, strict=True))]}, by_clock=by_clock))

    assert "not known" in said("colour", "is", "red")
    assert "number of hours" in said("created", "more_than", "soon")
    assert "no such choice" in said("status", "is", "exploded")
    assert "nothing to look at" in said("message", "contains", "refund", by_clock=True)
    assert "which words" in said("subject", "contains", " , ")
    assert problems({"some": []}, by_clock=False)
    assert problems(all_of(("status", "is", "open"), ("language", "is", "da")), by_clock=True) == []


# -- Python and SQL --------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(db: None) -> list[Ticket]:
    """Tickets of many shapes."""
    queues = [Queue.objects.create(name=name, slug=name, is_default=name == "a") for name in ("a", "b")]
    agent, category, tag = make_agent("Maya Lindqvist", queues[0]), make_category("billing"), Tag.named("vip")
    firm = Organisation.objects.create(name="Nordhavn Logistics", tier="enterprise")
    people = [
        make_customer("A", "a@x.example", organisation=firm),
        make_customer("B", "b@x.example", tier="free"),
        make_customer("C", "c@x.example"),
    ]
    late = BusinessHours.objects.create(name="Late shift", week=[[[720, 1200]]] * 7)
    early = BusinessHours.objects.create(name="Early shift", week=[[[360, 700]]] * 7)
    shapes = []
    some = uuid4()  # a calendar that is no more
    for n in range(24):
        hours = timedelta(hours=n * 5)
        ticket = Ticket(
            number=f"T-{n}",
            subject=["Refund please", "100% off_", "", "Where is order 7"][n % 4],
            status=list(Ticket.Status.values)[n % 6],
            priority=list(Ticket.Priority.values)[n % 4],
            queue=queues[n % 2],
            assignee=agent if n % 3 else None,
            category=category if n % 5 else None,
            customer=people[n % 3],
            channel="email" if n % 2 else "api",
            language=["da", "en", ""][n % 3],
            sentiment=["", "negative"][n % 2],
            frustration=None if n % 4 == 0 else n / 24,
            created_at=NOW - hours,
            status_since=NOW - hours / 2,
            last_customer_message_at=None if n % 7 == 0 else NOW - hours / 3,
            last_agent_message_at=None if n % 2 else NOW - hours / 4,
            first_response_at=None if n % 2 else NOW,
            snoozed_until=None if n % 3 else NOW + timedelta(hours=n - 12),
            due_at=None if n % 4 == 1 else NOW + timedelta(hours=n - 12),
            metadata={"escalation": {"level": "legal"}} if n % 8 == 0 else {},
            clocks=[{}, {"stretches": [{"hours": str(early.pk)}, {"hours": str(late.pk)}]}, {"stretches": [{"hours": str(early.pk)}]},
                    {"stretches": [{"hours": ""}]}, {"stretches": [{"hours": str(some)}]}][n % 5],
        )  # fmt: skip
        ticket.save()
        if n % 4 == 0:
            ticket.tags.add(tag)
        shapes.append(ticket)
    return shapes


def values_of(name: str, crowd: list[Ticket]) -> st.SearchStrategy[str]:
    kind, some = FIELDS[name].kind, crowd[1]
    if kind == "ref":
        ids = {"queue": some.queue_id, "assignee": some.assignee_id, "category": some.category_id}
        return st.sampled_from(["", str(ids[name]), str(crowd[0].pk)])
    if kind == "hours":
        calendars = [str(pk) for pk in BusinessHours.objects.values_list("pk", flat=True)]
        return st.sampled_from(["", *calendars, str(some.pk), "nonsense"])
    return {
        "choice": st.sampled_from(["open", "new", "urgent", "low", "email", "da", "", "negative", "wed", "thu"]),
        "set": st.sampled_from(["vip", "enterprise", "free", "standard", "nothing"]),
        "words": st.sampled_from(["refund", "REFUND, order", "%", "_", "nordhavn", "zzz"]),
        "number": st.integers(0, 100).map(str) | st.just("x"),
        "since": st.integers(0, 120).map(str),
        "until": st.integers(0, 24).map(str),
        "flag": st.sampled_from(["yes", "no", "perhaps"]),
    }[kind]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_python_and_sql_agree_on_every_ticket(crowd: list[Ticket], data: st.DataObject) -> None:
    def condition() -> dict[str, str]:
        name = data.draw(st.sampled_from(sorted(name for name, field in FIELDS.items() if not field.event_only)))
        return {"field": name, "op": data.draw(st.sampled_from(sorted(FIELDS[name].ops))), "value": data.draw(values_of(name, crowd))}

    conditions = {
        "all": [condition() for _n in range(data.draw(st.integers(0, 3)))],
        "any": [condition() for _n in range(data.draw(st.integers(0, 2)))],
    }
    in_sql = set(Ticket.objects.filter(where(conditions, now=NOW)).values_list("number", flat=True))
    everything = facts.readable(Ticket.objects.all())
    assert {one.number for one in everything if holds(conditions, {**facts.of(one, now=NOW), "zone": "UTC"})} == in_sql
