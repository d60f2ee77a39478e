"""Solved tickets become cases, and search votes with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings

from assist import tasks
from assist.learning import remembering
from assist.models import Suggestion
from customers.models import Customer
from helpdesk.core.embeddings import EmbeddingUnavailable
from helpdesk.core.models import User
from knowledge import cases, indexing
from knowledge.models import Article, SolvedCase
from tests.cast import receive
from tickets import merging, replying
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def gate(db: None) -> Article:
    return article("open-the-gate", "Opening the gate", "Press the green button beside the door.")


@pytest.fixture
def lamp(db: None) -> Article:
    return article("change-the-lamp", "Changing the lamp", "Take the old lamp out and put a new one in.")


def article(slug: str, title: str, body: str) -> Article:
    made = Article.objects.create(slug=slug, title=title, body=body, status="published", audience="public")
    indexing.index_articles([made])
    return made


def solve(
    customer: Customer, by: User, reply: str, drain: Callable[[], int], body: str = "The yard barrier stays down in the morning"
) -> Ticket:
    ticket = receive(customer, "Barrier", body).ticket
    drain()
    replying.reply(ticket=ticket, by=by, text=reply, status="resolved")
    drain()
    ticket.refresh_from_db()
    return ticket


def case_of(ticket: Ticket) -> SolvedCase:
    return SolvedCase.objects.get(source_kind="ticket", source_id=ticket.number)


def test_the_article_that_was_linked_in_the_reply_solved_it(
    support: Queue, ingrid: Customer, maya: User, gate: Article, drain: Callable[[], int]
) -> None:
    ticket = solve(ingrid, maya, "Please read http://127.0.0.1:8000/help/open-the-gate/ and tell me.", drain)
    case = case_of(ticket)
    assert case.article == gate and case.customer_ref == ingrid.pk
    assert "yard barrier" in case.text


def test_the_next_one_who_asks_the_same_is_offered_what_helped(
    ingrid: Customer, dwayne: Customer, maya: User, gate: Article, drain: Callable[[], int]
) -> None:
    for n in range(3):
        solve(ingrid, maya, "See /help/open-the-gate/", drain, body=f"The yard barrier stays down in the morning, lane {n}")
    ticket = receive(dwayne, "Morning", "Why does the barrier of the yard stay down every morning?").ticket
    drain()
    first = Suggestion.objects.filter(ticket=ticket, suggestion_type="article").order_by("-confidence_score").first()
    assert first is not None and first.title == gate.title
    assert "similar" in first.why.lower() or "solved" in first.why.lower()


def test_not_relevant_takes_the_vote_away(support: Queue, ingrid: Customer, maya: User, gate: Article, drain: Callable[[], int]) -> None:
    ticket = solve(ingrid, maya, "See /help/open-the-gate/", drain)
    row, _made = Suggestion.objects.update_or_create(
        ticket=ticket, suggestion_type="article", source_id=gate.slug, defaults={"title": gate.title, "source_kind": "article"}
    )
    Suggestion.objects.filter(pk=row.pk).update(agent_feedback="not_helpful")
    remembering.remember_ticket(ticket.pk)
    assert case_of(ticket).article is None


def test_helpful_is_enough_without_a_link(support: Queue, ingrid: Customer, maya: User, lamp: Article, drain: Callable[[], int]) -> None:
    ticket = solve(ingrid, maya, "Done on the phone.", drain)
    Suggestion.objects.update_or_create(
        ticket=ticket,
        suggestion_type="article",
        source_id=lamp.slug,
        defaults={"title": lamp.title, "source_kind": "article", "agent_feedback": "helpful"},
    )
    remembering.remember_ticket(ticket.pk)
    assert case_of(ticket).article == lamp


def test_a_ticket_that_comes_back_is_no_case_any_more(
    support: Queue, ingrid: Customer, maya: User, gate: Article, drain: Callable[[], int]
) -> None:
    ticket = solve(ingrid, maya, "See /help/open-the-gate/", drain)
    ticket.reopen(by=maya)
    drain()
    assert not SolvedCase.objects.filter(source_kind="ticket", source_id=ticket.number).exists()


def test_tickets_solved_before_are_caught_up_with_and_only_once(
    support: Queue, ingrid: Customer, maya: User, drain: Callable[[], int]
) -> None:
    ticket = solve(ingrid, maya, "Done.", drain)
    SolvedCase.objects.all().delete()
    assert remembering.remember_the_solved() == 1
    assert remembering.remember_the_solved() == 0
    assert case_of(ticket).article is None


def test_a_periodic_job_catches_up_once_the_embedder_is_back(
    support: Queue, ingrid: Customer, maya: User, drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "assist.tasks.remember_solved_tickets" in {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
    ticket = solve(ingrid, maya, "Done.", drain)
    remembering.forget_ticket(ticket.number)

    def down(found: list[cases.Solved]) -> None:
        remember(found)
        raise EmbeddingUnavailable("down")

    remember = cases.remember
    with monkeypatch.context() as patched:
        patched.setattr(cases, "remember", down)
        tasks.remember_solved_tickets()
    assert not SolvedCase.objects.exists()
    tasks.remember_solved_tickets()
    assert case_of(ticket)


def test_tickets_without_words_do_not_stand_in_the_way_of_the_others(support: Queue, ingrid: Customer, maya: User) -> None:
    for n in range(3):
        Ticket.objects.create(
            number=f"TKT-20261001-{n:04}", subject=" ", queue=support, customer=ingrid, channel="email", status="resolved"
        )
    last = Ticket.objects.create(
        number="TKT-20261001-0009", subject="Barrier stays down", queue=support, customer=ingrid, channel="email", status="resolved"
    )
    assert remembering.remember_the_solved(limit=2) == 1
    assert case_of(last).text == "Barrier stays down"
    assert remembering.remember_the_solved(limit=2) == 0


def test_a_merged_ticket_is_no_case_beside_the_one_it_went_into_until_they_part(
    support: Queue, ingrid: Customer, maya: User, gate: Article, drain: Callable[[], int]
) -> None:
    kept = receive(ingrid, "Gate", "The gate of the yard stays down").ticket
    merged = solve(ingrid, maya, "See /help/open-the-gate/", drain)
    done = merging.merge(kept=kept, merged=merged, by=maya)
    drain()
    assert not SolvedCase.objects.exists()
    assert remembering.remember_the_solved() == 0
    merging.undo(done, by=maya)
    drain()
    assert case_of(merged).article == gate
