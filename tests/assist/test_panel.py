"""The assist panel: what is shown, rated and used, and by whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assist import copilot
from assist.models import Draft, Suggestion, TriageRun
from assist.panel import as_sent
from helpdesk.core.models import Event, User
from tests.cast import receive, signed_in
from tickets import replying
from tickets.models import Queue, Ticket


@pytest.fixture
def draft(ticket: Ticket) -> Draft:
    sources = [{"n": 1, "kind": "article", "id": "a", "title": "Retry <b>", "url": "/help/a/", "passage": "Wait."}]
    text = "Hello Ingrid,\n\nPlease wait a minute. [1]"
    return Draft.objects.create(ticket=ticket, answers=ticket.messages.get(), text=text, sources=sources, confidence=0.8)


@pytest.fixture
def article(ticket: Ticket) -> Suggestion:
    return Suggestion.objects.create(ticket=ticket, suggestion_type="article", title="Retry", source_id="retry", source_url="/help/retry/")


def test_a_draft_is_shown_with_its_sources_and_on_its_row(as_maya: Client, ticket: Ticket, draft: Draft) -> None:
    page = as_maya.get(f"/assist/tickets/{ticket.pk}/draft/").content.decode()
    assert 'aria-label="Source 1"' in page
    assert "Retry &lt;b&gt;" in page
    assert "Please wait a minute.</textarea>" in page  # without its mark
    assert 'class="ai-flag"' in as_maya.get("/inbox/all/").content.decode()


def test_a_weak_draft_is_not_shown(as_maya: Client, ticket: Ticket, draft: Draft) -> None:
    Draft.objects.update(confidence=0.2)
    page = as_maya.get(f"/assist/tickets/{ticket.pk}/draft/").content.decode()
    assert "only 20% sure" in page
    assert "Please wait" not in page


def test_what_is_sent_of_a_draft_is_measured(maya: User, ticket: Ticket, draft: Draft, drain: Callable[[], int]) -> None:
    message = replying.reply(ticket=ticket, by=maya, text=as_sent(draft.text), metadata={"draft": str(draft.pk)})
    drain()
    draft.refresh_from_db()
    assert (draft.state, draft.sent_as, draft.edit_distance) == ("used", message, 0)
    assert copilot.edit_distance("abc", "xyz") == 1


def test_an_answer_without_the_draft_makes_it_stale(maya: User, ticket: Ticket, draft: Draft, drain: Callable[[], int]) -> None:
    replying.reply(ticket=ticket, by=maya, text="My own words")
    drain()
    draft.refresh_from_db()
    assert draft.state == "stale"


def test_a_dismissed_draft_is_gone(as_maya: Client, ticket: Ticket, draft: Draft) -> None:
    assert as_maya.post(f"/assist/drafts/{draft.pk}/dismiss/").status_code == 204
    assert as_maya.get(f"/assist/tickets/{ticket.pk}/draft/").content == b""
    assert Event.objects.filter(kind="draft.dismissed").count() == 1


def test_a_rating_is_one_press_and_changeable(as_maya: Client, article: Suggestion) -> None:
    for feedback in ("helpful", "irrelevant"):
        page = as_maya.post(f"/assist/suggestions/{article.pk}/rate/", {"feedback": feedback}).content.decode()
        assert f'value="{feedback}" aria-pressed="true"' in page
    article.refresh_from_db()
    assert article.agent_feedback == "irrelevant"
    assert as_maya.post(f"/assist/suggestions/{article.pk}/rate/", {"feedback": "rubbish"}).status_code == 404


def test_a_draft_is_rated_on_its_card_and_remembers_it(as_maya: Client, priya: User, ticket: Ticket, draft: Draft) -> None:
    shown = f"/assist/tickets/{ticket.pk}/draft/"
    assert as_maya.get(shown).content.decode().count('aria-pressed="false"') == 3
    for feedback in ("helpful", "not_helpful"):
        page = as_maya.post(f"/assist/drafts/{draft.pk}/rate/", {"feedback": feedback}).content.decode()
        assert f'value="{feedback}" aria-pressed="true"' in page
    assert 'value="not_helpful" aria-pressed="true"' in as_maya.get(shown).content.decode()
    assert 'aria-pressed="true"' not in signed_in(priya).get(shown).content.decode()  # a rating is one person's


def test_a_draft_says_how_many_sources_and_how_long_it_took(as_maya: Client, ticket: Ticket, draft: Draft) -> None:
    for ms, words in ((3.0, "1 source · under 0.1 s"), (1130.0, "1 source · 1.1 s")):
        Draft.objects.update(ms=ms)
        assert words in as_maya.get(f"/assist/tickets/{ticket.pk}/draft/").content.decode()


def test_where_nothing_answers_a_question_to_the_customer_is_offered(as_maya: Client, ticket: Ticket, draft: Draft) -> None:
    Draft.objects.update(confidence=0, sources=[], text="Hello,\n\nWhich order is it?")
    page = as_maya.get(f"/assist/tickets/{ticket.pk}/draft/").content.decode()
    assert "nothing in the knowledge base answers this" in page
    assert "Ask a question instead" in page
    assert "Which order is it?</textarea>" in page
    Draft.objects.update(confidence=0.2)
    assert "Ask a question" not in as_maya.get(f"/assist/tickets/{ticket.pk}/draft/").content.decode()


def test_other_teams_see_and_change_nothing_of_it(tomasz: User, ticket: Ticket, draft: Draft, article: Suggestion) -> None:
    other = signed_in(tomasz)
    for path in (f"/assist/tickets/{ticket.pk}/", f"/assist/tickets/{ticket.pk}/draft/"):
        assert other.get(path).status_code == 404
    for path in (
        f"drafts/{draft.pk}/use/",
        f"drafts/{draft.pk}/dismiss/",
        f"drafts/{draft.pk}/rate/",
        f"suggestions/{article.pk}/rate/",
        f"suggestions/{article.pk}/apply/",
    ):
        assert other.post(f"/assist/{path}", {"feedback": "helpful"}).status_code == 404


def test_similar_tickets_are_named_only_to_those_who_may_see_them(as_maya: Client, priya: User, ticket: Ticket, billing: Queue) -> None:
    theirs = receive("li@sakura.example", "Secret refund").ticket
    theirs.move(queue=billing, by=priya)
    Suggestion.objects.create(ticket=ticket, suggestion_type="similar_ticket", title="Secret refund", source_id=theirs.number)
    TriageRun.objects.create(ticket=ticket, message=ticket.messages.get())
    path = f"/assist/tickets/{ticket.pk}/"
    assert "Secret refund" not in as_maya.get(path).content.decode()
    assert "Secret refund" in signed_in(priya).get(path).content.decode()


def test_the_panel_costs_the_same_however_many_tickets_may_be_the_same(as_maya: Client, ticket: Ticket) -> None:
    TriageRun.objects.create(ticket=ticket, message=ticket.messages.get(), result={"analysis": {}})
    path, costs = f"/assist/tickets/{ticket.pk}/", []
    for n in range(4):
        other = receive(ticket.customer, "The same", f"Words of {n}").ticket
        offered = {"title": "The same", "source_id": other.number, "details": {"duplicate": True}}
        Suggestion.objects.create(ticket=ticket, suggestion_type="similar_ticket", confidence_score=n / 10, **offered)
        as_maya.get(path)  # notes what was shown
        with CaptureQueriesContext(connection) as queries:
            page = as_maya.get(path).content.decode()
        assert f"Words of {n}" in page
        costs.append(len(queries))
    assert costs == [costs[0]] * 4


def test_who_takes_an_escalated_ticket_reads_what_they_need_to_know(as_maya: Client, ticket: Ticket) -> None:
    TriageRun.objects.create(ticket=ticket, message=ticket.messages.get(), result={"analysis": {}})
    assert "Hand-over" not in as_maya.get(f"/assist/tickets/{ticket.pk}/").content.decode()
    ticket.metadata = {"escalation": {"level": "legal", "briefing": ["Why: <b>lawyer</b>", "Mood: angry"]}}
    ticket.save()
    page = as_maya.get(f"/assist/tickets/{ticket.pk}/").content.decode()
    assert "Hand-over" in page
    assert "Why: &lt;b&gt;lawyer&lt;/b&gt;" in page
