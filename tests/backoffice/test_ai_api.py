"""By the API, costs are those of the page and money is a string; the ledger's lines come without a word of what was asked."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assist.models import ChatSession
from helpdesk.core.models import ApiKey, ModelCall
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db
COSTS, LEDGER = "/api/v1/ai/costs/", "/api/v1/ai/ledger/"


@pytest.fixture
def client() -> Client:
    return Client(headers={"Authorization": f"Bearer {ApiKey.issue('Costs', scopes=['ai:read'])[1]}"})


@pytest.fixture
def tickets(support: Queue, ingrid: Any) -> list[Ticket]:
    """Five, asked about for 1 to 3 cents: two pairs cost the same."""
    rows = [Ticket(number=f"TKT-C-{n}", subject="x", customer=ingrid, queue=support, channel="email") for n in range(5)]
    Ticket.objects.bulk_create(rows)
    for one, cents in zip(rows, (1, 2, 2, 3, 3), strict=True):
        asked(f"ticket:{one.pk}", f"0.0{cents}")
    return rows


def asked(about: str, cost: str, **fields: Any) -> ModelCall:
    given = {"task": "reply", "model": "small-1", "payload_hash": "x", "payload": "SECRET", "answer": "SECRET", "outcome": "done"}
    return ModelCall.objects.create(about=about, cost=Decimal(cost), **given | fields)


def test_costs_are_told_by_day_task_model_and_queue(client: Client, tickets: list[Ticket], ingrid: Any) -> None:
    chat = ChatSession.objects.create(customer=ingrid, session_id="c")
    asked(f"chat:{chat.pk}", "0.05", task="chat", model="large-1", outcome="failed", created_at=timezone.now() - timedelta(days=2))
    asked("test", "5", created_at=timezone.now() - timedelta(days=90))  # long ago
    days = client.get(COSTS, {"period": "7d"}).json()
    assert len(days["results"]) == 7 and days["total"]["cost"] == "0.160000" and days["next"] is None
    assert [one["cost"] for one in days["results"] if one["calls"]] == ["0.050000", "0.110000"]
    found = {by: client.get(COSTS, {"by": by}).json()["results"] for by in ("task", "model", "queue")}
    assert [(one["key"], one["calls"], one["failed"], one["cost"]) for one in found["task"]] == [
        ("reply", 5, 0, "0.110000"),
        ("chat", 1, 1, "0.050000"),
    ]
    assert [one["key"] for one in found["model"]] == ["small-1", "large-1"]
    assert [(one["key"], one["cost"]) for one in found["queue"]] == [("support", "0.110000"), (None, "0.050000")]
    assert client.get(COSTS, {"queue": "support"}).json()["total"]["cost"] == "0.110000"


def test_the_dearest_tickets_come_in_pages_forth_and_back(client: Client, tickets: list[Ticket]) -> None:
    asked(f"ticket:{uuid.uuid4()}", "0.001")  # erased since
    pages, address = [], f"{COSTS}?by=ticket&limit=2"
    while address:
        pages.append(client.get(address).json())
        address = pages[-1]["next"]
    costs = [[one["cost"] for one in page["results"]] for page in pages]
    assert costs == [["0.030000", "0.030000"], ["0.020000", "0.020000"], ["0.010000", "0.001000"]]
    keys = [one["key"] for page in pages for one in page["results"]]
    assert set(keys[:5]) == {one.number for one in tickets} and keys[5] is None
    assert client.get(pages[2]["previous"]).json()["results"] == pages[1]["results"]
    assert client.get(pages[1]["previous"]).json()["results"] == pages[0]["results"]


@pytest.mark.parametrize(
    "wrong", [{"by": "mood"}, {"by": "ticket", "cursor": "eA"}, {"by": "ticket", "limit": "0"}, {"clock": "wall"}, {"queue": "none"}]
)
def test_what_makes_no_sense_is_refused(client: Client, wrong: dict[str, str]) -> None:
    assert client.get(COSTS, wrong).status_code == 400


def test_lines_have_no_words_and_are_found(client: Client, tickets: list[Ticket]) -> None:
    arm = uuid.uuid4()
    asked("test", "0.5", task="chat", experiment_ref=uuid.uuid4(), arm_ref=arm, outcome="failed")
    whole = client.get(LEDGER, {"limit": 3})
    page = whole.json()
    assert b"SECRET" not in whole.content and page["results"][0]["task"] == "chat" and page["results"][0]["cost"] == "0.500000"
    rest = client.get(page["next"]).json()["results"]
    assert len({one["id"] for one in [*page["results"], *rest]}) == 6
    for given, n in (
        ({"arm": arm}, 1),
        ({"outcome": "failed"}, 1),
        ({"ticket": "tkt-c-1"}, 1),
        ({"ticket": "TKT-NONE"}, 0),
        ({"task": "reply"}, 5),
    ):
        assert len(client.get(LEDGER, given).json()["results"]) == n
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    assert client.get(LEDGER, {"created_after": soon}).json()["results"] == []


def test_it_takes_a_scope_of_its_own(api_key: str) -> None:
    poor = Client(headers={"Authorization": f"Bearer {ApiKey.issue('Figures', scopes=['metrics:read'])[1]}"})
    assert {poor.get(path).status_code for path in (COSTS, LEDGER)} == {403}
