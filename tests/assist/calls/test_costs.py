"""Every page and endpoint of calls costs the same number of queries, however much there is to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assist.calls import assisting, switchboard, window
from assist.calls.switchboard import Opening, Spoken
from assist.models import AcdConnection, AcdEvent, CallNote, CallSession, ClarifyingQuestion, Suggestion
from helpdesk.core.models import User
from tests.cast import make_agent, signed_in
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db

FEW, MANY = 2, 9


@pytest.fixture
def desk(support: Queue, ticket: Ticket) -> Callable[[int], None]:
    """Make it busier: so many running calls and so many that are over, each of another customer, agent and team."""

    def fill(times: int) -> None:
        for _n in range(times):
            name = f"Busy{CallSession.objects.count()} Bee"
            queue = Queue.objects.create(name=name, slug=name.lower().replace(" ", "-"))
            agent = make_agent(name, queue)
            for call_id in (f"{name} runs", f"{name} is over"):
                opening = Opening(call_id=call_id, agent_id=agent.email, customer_name=call_id, customer_id=call_id, queue=queue.slug)
                session, _new = switchboard.start(opening)
                switchboard.hear(session, Spoken(speaker="customer", text=f"My sync stopped, says {call_id}", start_time=1))
            switchboard.end(session)

    return fill


@pytest.fixture
def growing(support: Queue, maya: User, ticket: Ticket) -> tuple[CallSession, Callable[[int], None]]:
    """One call of Maya's, and how to make more happen in it."""
    opening = Opening(call_id="grows", agent_id=maya.email, customer_id=str(ticket.customer_id), queue=support.slug)
    session, _new = switchboard.start(opening)

    def happen(times: int) -> None:
        session.refresh_from_db()
        for n in range(session.heard + 1, session.heard + times + 1):
            Suggestion.objects.create(session=session, title=f"Card {n}", source_id=str(n), confidence_score=0.5, position=n)
            ClarifyingQuestion.objects.create(session=session, text=f"Question {n}", purpose=f"p{n}", priority=n)
            CallNote.objects.create(session=session, at=n, text=f"Note {n}")
            Ticket.objects.create(
                number=f"COST-{n}", subject=f"Cost {n}", customer=ticket.customer, queue=support, due_at=timezone.now(), status="open"
            )
            switchboard.hear(session, Spoken(speaker="agent", text=f"I will send you the steps number {n}.", start_time=n), late=True)
        entities = [{"type": "platform", "value": f"Android {n}"} for n in range(session.heard + times)]
        CallSession.objects.filter(pk=session.pk).update(entities=entities, action_items=[row["value"] for row in entities])

    return session, happen


def cost_of(client: Client, path: str) -> tuple[int, int]:
    """Queries of the second time (the first may warm something up), and the length of the answer."""
    assert client.get(path).status_code == 200
    with CaptureQueriesContext(connection) as found:
        answer = client.get(path)
    return len(found), len(answer.content)


def assert_constant(client: Client, path: str, more: Callable[[int], None]) -> None:
    more(FEW)
    few, short = cost_of(client, path)
    more(MANY)
    many, long = cost_of(client, path)
    assert many == few and long > short, "as many queries, though there is more to show"


@pytest.mark.parametrize("path", ["/calls/", "/calls/board/", "/api/v1/calls/", "/settings/telephony/"])
def test_a_list_costs_the_same_whatever_goes_on(desk: Callable[[int], None], priya: User, path: str) -> None:
    assert_constant(signed_in(priya), path, desk)


@pytest.mark.parametrize("path", ["/calls/{}/", "/calls/{}/parts/side/", "/api/v1/calls/{}/", "/api/realtime/suggestions/{}"])
def test_a_call_costs_the_same_however_much_happens_in_it(growing: Any, as_maya: Client, path: str) -> None:
    call, happen = growing
    assert_constant(as_maya, path.format(call.session_id), happen)


@pytest.mark.parametrize("path", ["/calls/{}/", "/calls/{}/wrap-up/", "/api/v1/calls/{}/"])
def test_so_does_one_that_is_over(growing: Any, as_maya: Client, path: str) -> None:
    call, happen = growing
    switchboard.end(call)
    assert_constant(as_maya, path.format(call.session_id), happen)


def test_connected_systems_and_their_events_are_read_at_once(desk: Callable[[int], None], priya: User) -> None:
    row, _key = AcdConnection.create(provider="pbx", name="First")
    desk(MANY)

    def arrive(times: int) -> None:
        for session in CallSession.objects.all()[:times]:
            number = AcdEvent.objects.count()
            AcdConnection.create(provider="genesys", name=f"No {number}", queue=session.queue)
            AcdEvent.objects.create(connection=row, event_id=str(number), kind="x", session=session, body="{}", due_at=timezone.now())

    assert_constant(signed_in(priya), "/settings/telephony/", arrive)
    assert_constant(signed_in(priya), f"/settings/telephony/{row.pk}/", arrive)


def test_a_handful_of_calls_is_read_and_written_in_as_many_statements_as_a_few(desk: Callable[[int], None]) -> None:
    desk(MANY)
    calls = list(CallSession.objects.running().select_related("agent"))
    costs = []
    for handful in (calls[:FEW], calls[FEW:]):
        with CaptureQueriesContext(connection) as reading:
            transcripts = window.read_all(handful)
        rounds = [assisting.think_about(call, said) for call, said in zip(handful, transcripts, strict=True)]
        with CaptureQueriesContext(connection) as writing:
            assisting.write(rounds)
        costs.append((len(reading), len(writing)))
    assert costs[0] == costs[1]
