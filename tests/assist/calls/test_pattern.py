"""Several customers with the same trouble in one week: the agent on the line sees it beside the call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assist.calls import switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import CallSession
from assist.triage import similar
from helpdesk.core.embeddings import store as vectors
from helpdesk.core.models import User
from tests.cast import make_category, make_customer, receive
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db
SAID = "Since the Android 15 update GPS is lost when the screen goes dark"


@pytest.fixture
def call(support: Queue, maya: User) -> CallSession:
    session, _ = switchboard.start(
        Opening(call_id="p-1", agent_id=maya.email, queue="support", customer_id="kwabena", customer_name="Kwabena")
    )
    switchboard.hear(session, Spoken(speaker="customer", text=f"{SAID}, the dot freezes.", start_time=1, end_time=4))
    return CallSession.objects.get(pk=session.pk)


def tickets(number: int, text: str = SAID, **fields: Any) -> list[Ticket]:
    made = []
    for n in range(number):
        ticket = receive(make_customer(f"Person {n}", f"p{n}-{len(text)}@x.example"), text, text).ticket
        vectors.remember(similar.KIND, [vectors.Passage(ticket.pk, 0, text)])
        Ticket.objects.filter(pk=ticket.pk).update(**fields)
        made.append(ticket)
    return made


def side(client: Client, call: CallSession) -> str:
    return client.get(f"/calls/{call.session_id}/parts/side/").content.decode()


def test_tickets_that_cluster_are_told_with_their_number_and_an_example(as_maya: Client, call: CallSession) -> None:
    tickets(3, category=make_category("technical"))
    tickets(2, "Please change the address on our invoice")
    page = side(as_maya, call)
    assert "<b>3 tickets this week</b> by 3 customers" in page and "most of them in Technical" in page and SAID in page
    assert "Report problem" not in page  # an agent cannot open an incident


def test_two_are_no_pattern_nor_are_last_months(as_maya: Client, call: CallSession) -> None:
    tickets(2)
    assert "this week" not in side(as_maya, call)
    tickets(3, SAID + " again", created_at=timezone.now() - timedelta(days=30))
    assert "this week" not in side(as_maya, call)


def test_what_another_team_holds_does_not_count(as_maya: Client, call: CallSession) -> None:
    tickets(4, queue=Queue.objects.create(name="Billing", slug="billing"))
    assert "this week" not in side(as_maya, call)


def test_a_customer_who_writes_often_is_no_pattern(as_maya: Client, call: CallSession) -> None:
    one = make_customer("Often", "often@x.example")
    tickets(4, customer=one)
    assert "this week" not in side(as_maya, call)
