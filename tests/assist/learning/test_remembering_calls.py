"""Solved calls become cases: the caller's own sentences, and the article that the agent used."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assist.calls import feedback, switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.learning import remembering
from assist.models import CallDesk, CallSession, Suggestion
from customers.models import Customer
from helpdesk.core.models import User
from knowledge import indexing
from knowledge.models import Article, SolvedCase
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db

SAID = (
    ("customer", "Good morning."),
    ("customer", "The yard barrier stays down since this morning"),
    ("agent", "Is the light red?"),
    ("customer", "Yes, the light beside the gate is red"),
)


@pytest.fixture
def gate(db: None) -> Article:
    made = Article.objects.create(
        slug="open-the-gate", title="Opening the gate", body="Press the green button.", status="published", audience="public"
    )
    indexing.index_articles([made])
    return made


@pytest.fixture
def call(support: Queue, maya: User, ingrid: Customer, drain: Callable[[], int]) -> CallSession:
    """Ingrid's call, ended and filed in a ticket of its own."""
    session, _new = switchboard.start(Opening(call_id="r-1", agent_id=maya.email, customer_id=str(ingrid.pk), queue="support"))
    for n, (speaker, text) in enumerate(SAID):
        switchboard.hear(session, Spoken(speaker=speaker, text=text, start_time=10 * n, end_time=10 * n + 5))
    switchboard.end(session)
    drain()
    return CallSession.objects.get(pk=session.pk)


def offered(call: CallSession, article: Article) -> Suggestion:
    return Suggestion.objects.update_or_create(
        session=call, suggestion_type="article", source_id=article.slug, defaults={"title": article.title, "source_kind": "article"}
    )[0]


def solve(call: CallSession, by: User, drain: Callable[[], int]) -> Ticket:
    ticket = Ticket.objects.get(number=call.ticket_id)
    ticket.set_status("resolved", by=by)
    drain()
    return ticket


def test_a_solved_call_is_one_case_with_the_callers_sentences_and_the_article_used(
    call: CallSession, maya: User, ingrid: Customer, gate: Article, drain: Callable[[], int]
) -> None:
    feedback.click(call, offered(call, gate).pk, by=maya)
    drain()
    assert not SolvedCase.objects.exists(), "nothing is solved yet"
    solve(call, maya, drain)
    case = SolvedCase.objects.get()
    assert case.source == ("call", str(call.session_id))
    assert (case.article, case.customer_ref) == (gate, ingrid.pk)
    assert "barrier stays down" in case.text and "light beside the gate is red" in case.text
    assert "Good morning" not in case.text and "Is the light red" not in case.text


def test_a_call_that_the_agent_called_solved_needs_no_solved_ticket(call: CallSession, maya: User, drain: Callable[[], int]) -> None:
    Ticket.objects.get(number=call.ticket_id).set_status("pending", by=maya)
    CallSession.objects.filter(pk=call.pk).update(disposition="resolved")
    assert remembering.remember_call(call.session_id) is True
    Ticket.objects.get(number=call.ticket_id).set_status("open", by=maya)
    drain()
    assert not SolvedCase.objects.exists(), "it came back"


def test_what_did_not_help_in_the_call_has_no_vote(call: CallSession, maya: User, gate: Article, drain: Callable[[], int]) -> None:
    suggestion = offered(call, gate)
    feedback.click(call, suggestion.pk, by=maya)
    feedback.rate(call, suggestion.pk, "not_helpful", by=maya)
    solve(call, maya, drain)
    assert SolvedCase.objects.get().article is None


def test_without_consent_nothing_is_learned_of_a_call(call: CallSession, maya: User, drain: Callable[[], int]) -> None:
    CallDesk.objects.update_or_create(session=call, defaults={"consent": "refused"})
    solve(call, maya, drain)
    assert not SolvedCase.objects.exists()
    assert remembering.remember_the_solved() == 0


def test_calls_solved_before_are_caught_up_with_and_only_once(call: CallSession, maya: User, drain: Callable[[], int]) -> None:
    solve(call, maya, drain)
    SolvedCase.objects.all().delete()
    assert remembering.remember_the_solved() == 1
    assert SolvedCase.objects.get().source_kind == "call"
    assert remembering.remember_the_solved() == 0
