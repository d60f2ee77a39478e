"""A call that was wrapped up reaches the CRM, on the case of its ticket."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from assist.calls import switchboard, telling_crm
from assist.calls.switchboard import Opening
from assist.models import CallSession
from customers.models import CrmCase, CrmConnection
from helpdesk.core.models import User
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _crm(db: None) -> None:
    CrmConnection.objects.create(name="Hub", vendor="hubspot", base_url="https://crm.example")


@pytest.fixture
def call(ticket: Ticket, maya: User) -> CallSession:
    """Maya has just hung up; the call belongs to Ingrid's ticket."""
    session, _ = switchboard.start(Opening(call_id="w-1", agent_id=maya.email, customer_id=str(ticket.customer_id), queue="support"))
    switchboard.end(session)
    return CallSession.objects.get(pk=session.pk)


def test_the_wrap_up_is_the_last_word_of_the_case_though_the_ticket_is_not_done(
    as_maya: Client, call: CallSession, drain: Callable[[], int]
) -> None:
    form = {"version": 0, "summary": "GPS stops", "disposition": "resolved", "status": "pending", "owner": "me"}
    assert as_maya.post(f"/calls/{call.session_id}/wrap-up/", form).status_code == 302
    drain()
    call.refresh_from_db()
    row = CrmCase.objects.get()
    assert call.ticket is not None
    assert (row.source, row.customer) == (call.ticket.number, call.ticket.customer)
    assert (row.case["comment"], row.case["status"]) == ("GPS stops", "pending")


def test_telling_twice_is_telling_once(call: CallSession, ticket: Ticket) -> None:
    CallSession.objects.filter(pk=call.pk).update(ticket=ticket, summary="GPS stops")
    assert [telling_crm.tell(call.session_id) for _n in range(2)] == [1, 1]
    assert CrmCase.objects.get().version == 1


def test_a_call_without_a_ticket_is_told_to_nobody(call: CallSession) -> None:
    CallSession.objects.filter(pk=call.pk).update(ticket=None)
    assert telling_crm.tell(call.session_id) == 0
