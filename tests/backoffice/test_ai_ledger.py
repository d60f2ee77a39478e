"""The ledger is found by day, task, model, outcome and ticket at the same cost at any depth, opened, and taken away as a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import AccessEntry
from helpdesk.backoffice import register
from helpdesk.core.models import ModelCall, User
from tests.cast import signed_in
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
PATH = "/settings/ai/ledger/"


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def call(**fields: Any) -> ModelCall:
    return ModelCall.objects.create(**{"task": "reply", "model": "small", "payload_hash": "x", "outcome": "done"} | fields)


def shown(client: Client, **query: str) -> list[int]:
    return [one.pk for one, _ticket in client.get(PATH, query).context["lines"]]


def test_each_filter_narrows_and_nonsense_finds_nothing(as_priya: Client, ticket: Ticket) -> None:
    old = call(created_at=timezone.now() - timedelta(days=3), model="large")
    failed, about = call(outcome="failed", task="chat"), call(about=f"ticket:{ticket.pk}")
    day = timezone.localdate(old.created_at, timezone.get_default_timezone()).isoformat()
    assert shown(as_priya) == [about.pk, failed.pk, old.pk]
    assert shown(as_priya, day=day) == [old.pk] == shown(as_priya, model="large")
    assert shown(as_priya, outcome="failed") == [failed.pk] == shown(as_priya, task="chat")
    assert shown(as_priya, ticket=ticket.number.lower()) == [about.pk]
    for wrong in ({"day": "2026-02-31"}, {"day": "x"}, {"ticket": "TKT-1"}, {"experiment": "x"}, {"day": "0001-01-01"}):
        assert shown(as_priya, **wrong) == []
    assert shown(as_priya, before="nonsense") == [about.pk, failed.pk, old.pk]


def test_pages_go_on_where_the_last_ended_also_within_one_moment(as_priya: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "PAGE", 3)
    at = timezone.now()
    rows = [call(created_at=at).pk for _ in range(7)][::-1]
    first = as_priya.get(PATH)
    second = as_priya.get(PATH, {"before": first.context["page"].older})
    third = as_priya.get(PATH, {"before": second.context["page"].older})
    assert [one.pk for page in (first, second, third) for one, _ticket in page.context["lines"]] == rows
    assert not third.context["page"].older


def test_many_lines_cost_no_more_statements(as_priya: Client, ticket: Ticket) -> None:
    call(about=f"ticket:{ticket.pk}")
    as_priya.get(PATH)
    with CaptureQueriesContext(connection) as few:
        as_priya.get(PATH)
    ModelCall.objects.bulk_create(
        ModelCall(task="reply", model="x", payload_hash="x", about=f"ticket:{ticket.pk}", payload="x" * 100) for _ in range(200)
    )
    with CaptureQueriesContext(connection) as many:
        assert ticket.number in as_priya.get(PATH).content.decode()
    assert len(few) == len(many)


def test_who_opens_the_words_of_a_customer_is_written_down(as_priya: Client, ticket: Ticket) -> None:
    one = call(
        about=f"ticket:{ticket.pk}", prompt="reply@0", customer_ref=ticket.customer_id, payload="The [EMAIL_1] words", request_id="abc-1"
    )
    page = as_priya.get(f"{PATH}{one.pk}/").content.decode()
    assert "The [EMAIL_1] words" in page and "abc-1" in page and "/settings/ai/prompts/reply/?version=0" in page and ticket.number in page
    assert AccessEntry.objects.get(customer_ref=ticket.customer_id, what="what a model was asked").actor_name
    other = call()
    assert "Not kept" in as_priya.get(f"{PATH}{other.pk}/").content.decode() and as_priya.get(f"{PATH}999999999/").status_code == 404


def test_a_spreadsheet_runs_nothing_and_tells_no_words(as_priya: Client) -> None:
    call(model='=HYPERLINK("x")', error="@SUM(A1)", payload="secret words", cost="0.001")
    table = list(csv.DictReader(io.StringIO(as_priya.get(PATH, {"form": "csv"}).content.decode())))
    assert (table[0]["model"], table[0]["error"], table[0]["US dollars"]) == ('\'=HYPERLINK("x")', "'@SUM(A1)", "0.001000")
    assert "secret words" not in str(table)
