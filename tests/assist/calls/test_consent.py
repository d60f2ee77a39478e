"""Where a team asks for consent, nothing is made of a caller's words before it is given: no card, no risk, no ticket text."""

from __future__ import annotations

import pytest

from assist.calls import desk, stamps, switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import CallPolicy, CallSession, Suggestion, TranscriptionSegment
from helpdesk.core.models import User
from tickets.models import Message, Queue

pytestmark = pytest.mark.django_db
WORDS = "My lawyer will hear of this, I get error 401 in the mobile app"


@pytest.fixture
def call(support: Queue, maya: User) -> CallSession:
    CallPolicy.objects.create(queue=support, needs_consent=True)
    session, _new = switchboard.start(Opening(call_id="c-1", agent_id=maya.email, customer_phone="+4520111222", queue="support"))
    switchboard.hear(session, Spoken(speaker="customer", text=WORDS, start_time=3, end_time=8))
    return session


def ticket_text(call: CallSession) -> tuple[str, str]:
    ended = switchboard.end(call)
    assert ended.ticket is not None
    words = Message.objects.get(ticket=ended.ticket, author_kind=Message.AuthorKind.CUSTOMER)
    return ended.ticket.subject, words.body_text


@pytest.mark.parametrize("refused", [False, True])
def test_without_consent_nothing_is_made_of_what_was_said(call: CallSession, maya: User, priya: User, refused: bool) -> None:
    if refused:
        stamps.note_consent(call, agreed=False, by=maya)
    shown = desk.board(priya).standings[0]
    assert (shown.last, [risk for risk in shown.risks if risk.name == "legal_threat"]) == ("", [])
    subject, text = ticket_text(call)
    assert subject == "Phone call"
    assert "did not agree" in text and "lawyer" not in text
    assert not Suggestion.objects.filter(session=call).exists()
    assert TranscriptionSegment.objects.get(session=call).text == WORDS  # kept, for those who may open the call


def test_with_consent_the_board_and_the_ticket_have_the_words(call: CallSession, maya: User, priya: User) -> None:
    stamps.note_consent(call, agreed=True, by=maya)
    shown = desk.board(priya).standings[0]
    assert shown.last == WORDS and any(risk.name == "legal_threat" for risk in shown.risks)
    assert WORDS in ticket_text(call)[1]
