from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assist.models import Draft, Suggestion, TriageRun
from assist.triage import arrival, categorise, reading
from customers.models import Customer
from helpdesk.core.embeddings import EmbeddingUnavailable
from helpdesk.core.models import Embedding, Event, User
from knowledge.categories import load_default_categories
from knowledge.indexing import index_articles
from knowledge.models import Article, Category, Component, Incident
from tests.cast import make_category, receive
from tickets import replying
from tickets.models import Queue

TWICE = "My card was charged twice for the same month. I am not happy about it, please refund the second payment."


@pytest.fixture
def categories(db: None) -> list[Category]:
    return load_default_categories()


@pytest.fixture
def articles(categories: list[Category]) -> list[Article]:
    billing = Category.objects.get(slug="billing")
    shown = {"status": Article.Status.PUBLISHED, "category": billing}
    public = Article.objects.create(
        slug="charged-twice",
        title="Why was I charged twice?",
        body="A real double charge is always refunded in full.\n\n1. Open **Payments**.\n2. Compare it with your card statement.\n",
        **shown,
    )
    internal = Article.objects.create(
        slug="refund-rules",
        title="Refunding a double charge: internal rules",
        body="Agents may refund a double charge up to 250 euros. The secret code is 4711.",
        audience=Article.Audience.INTERNAL,
        **shown,
    )
    index_articles([public, internal])
    return [public, internal]


def test_a_new_message_is_understood_through_the_event_spine(
    support: Queue, dwayne: Customer, articles: list[Article], drain: Callable[[], int]
) -> None:
    message = receive(dwayne, "Two payments", TWICE)
    drain()
    ticket = message.ticket
    ticket.refresh_from_db()
    message.refresh_from_db()
    assert ticket.category is not None
    assert (ticket.category.slug, ticket.priority, ticket.sentiment, ticket.language) == ("billing", "high", "negative", "en")
    assert message.polarity is not None
    assert message.polarity < 0
    run = TriageRun.objects.get(message=message)
    assert run.state == TriageRun.State.DONE
    assert run.result["analysis"]["category"] == "billing"
    assert {"category", "priority", "sentiment"} <= set(run.applied)
    assert [step.name for step in run.steps.all()][:5] == ["ingest", "recall", "language", "signals", "sentiment"]
    assert Event.objects.filter(kind="triage.completed", ticket_ref=ticket.pk).count() == 1


def test_what_triage_changed_is_the_systems_doing_and_binds_nobody(support: Queue, dwayne: Customer, categories: list[Category]) -> None:
    message = receive(dwayne, "Two payments", TWICE)
    arrival.understand(message.pk)
    message.ticket.refresh_from_db()
    assert message.ticket.decided_by_people == []
    assert Event.objects.get(kind="ticket.category_changed").actor_kind == "system"


def test_the_same_message_twice_is_one_run(support: Queue, dwayne: Customer, articles: list[Article]) -> None:
    message = receive(dwayne, "Two payments", TWICE)
    assert arrival.understand(message.pk) is not None
    assert arrival.understand(message.pk) is None
    assert TriageRun.objects.count() == 1
    assert Draft.objects.count() == 1
    assert Event.objects.filter(kind="triage.completed").count() == 1


def test_what_a_person_decided_stays(support: Queue, billing: Queue, dwayne: Customer, maya: User, categories: list[Category]) -> None:
    billing.categories.add(make_category("billing"))
    message = receive(dwayne, "Two payments", TWICE)
    message.ticket.set_category(make_category("technical"), by=maya)
    message.ticket.set_priority("low", by=maya)
    message.ticket.move(queue=billing, by=maya)
    message.ticket.move(queue=support, by=maya)
    arrival.understand(message.pk)
    ticket = message.ticket
    ticket.refresh_from_db()
    assert ticket.category is not None
    assert (ticket.category.slug, ticket.priority, ticket.queue) == ("technical", "low", support)


def test_a_ticket_in_the_default_queue_moves_to_the_queue_of_its_category(
    support: Queue, billing: Queue, dwayne: Customer, categories: list[Category]
) -> None:
    billing.categories.add(Category.objects.get(slug="billing"))
    message = receive(dwayne, "Two payments", TWICE)
    arrival.understand(message.pk)
    message.ticket.refresh_from_db()
    assert message.ticket.queue == billing


def test_a_ticket_that_somebody_took_stays_where_it_is(
    support: Queue, billing: Queue, dwayne: Customer, maya: User, categories: list[Category]
) -> None:
    billing.categories.add(Category.objects.get(slug="billing"))
    message = receive(dwayne, "Two payments", TWICE)
    message.ticket.assign(to=maya, by=maya)
    arrival.understand(message.pk)
    message.ticket.refresh_from_db()
    assert message.ticket.queue == support


def test_the_draft_cites_public_articles_only(support: Queue, dwayne: Customer, articles: list[Article]) -> None:
    message = receive(dwayne, "Two payments", TWICE)
    arrival.understand(message.pk)
    draft = Draft.objects.get(answers=message)
    assert draft.text.startswith("Hello Dwayne,")
    assert "A real double charge is always refunded in full. [1]" in draft.text
    assert draft.action_steps == ["Open Payments.", "Compare it with your card statement."]
    assert [source["id"] for source in draft.sources] == ["charged-twice"]
    assert "4711" not in draft.text
    assert "250" not in draft.text
    assert draft.tone == "empathetic"
    assert draft.confidence > 0.4


def test_agents_are_offered_internal_articles_too_with_why_and_confidence(
    support: Queue, dwayne: Customer, articles: list[Article]
) -> None:
    message = receive(dwayne, "Two payments", TWICE)
    arrival.understand(message.pk)
    offered = Suggestion.objects.filter(ticket=message.ticket, suggestion_type=Suggestion.Type.ARTICLE)
    assert {row.source_id for row in offered} == {"charged-twice", "refund-rules"}
    assert all(row.why and 0 < row.confidence_score <= 1 for row in offered)


def test_without_an_article_the_draft_asks_what_would_help_most(support: Queue, dwayne: Customer, categories: list[Category]) -> None:
    message = receive(dwayne, "Label printer", "The label printer prints half a page since the update.")
    run = arrival.understand(message.pk)
    assert run is not None
    assert run.result["response"]["abstained"] is True
    draft = Draft.objects.get(answers=message)
    assert draft.sources == []
    assert draft.confidence == 0
    assert "please tell me" in draft.text


def test_a_draft_is_out_of_date_when_the_customer_writes_again(support: Queue, dwayne: Customer, categories: list[Category]) -> None:
    first = receive(dwayne, "Two payments", TWICE, external_id="first@example.com")
    arrival.understand(first.pk)
    second = receive(dwayne, "Re: Two payments", "And now a third one!", in_reply_to="first@example.com", external_id="second@example.com")
    assert second.ticket == first.ticket
    arrival.understand(second.pk)
    assert Draft.objects.get(answers=first).state == Draft.State.STALE
    assert Draft.objects.get(answers=second).state == Draft.State.OFFERED


def test_a_message_that_was_answered_meanwhile_gets_no_draft(
    support: Queue, dwayne: Customer, maya: User, categories: list[Category]
) -> None:
    message = receive(dwayne, "Two payments", TWICE)
    replying.reply(ticket=message.ticket, by=maya, text="Refunded.")
    arrival.understand(message.pk)
    assert not Draft.objects.exists()
    assert TriageRun.objects.filter(message=message).exists()


def test_automatic_mail_is_not_triaged(support: Queue, dwayne: Customer, categories: list[Category]) -> None:
    message = receive(dwayne, "Out of office", "I am away until Monday.", automatic=True)
    assert arrival.understand(message.pk) is None


def test_a_ticket_in_an_incident_is_linked_and_the_draft_says_so(support: Queue, ingrid: Customer, categories: list[Category]) -> None:
    incident = Incident.objects.create(
        reference="INC-9", title="Order sync answers with 503", description="Calls of the sync API fail in the EU.", impact="outage"
    )
    incident.components.add(Component.objects.create(slug="sync", name="Order sync API", state="outage"))
    message = receive(ingrid, "EU sync API returning 503", "Since 13:52 every call to the order sync API answers 503.")
    run = arrival.understand(message.pk)
    assert run is not None
    status = run.result["system_status"]
    assert status["overall"] == "outage"
    assert [link["reference"] for link in status["linked"]] == ["INC-9"]
    assert "INC-9" in Draft.objects.get(answers=message).text


def test_a_second_mail_about_the_same_thing_is_found_as_a_duplicate(support: Queue, dwayne: Customer, categories: list[Category]) -> None:
    first = receive(dwayne, "Two payments", TWICE)
    arrival.understand(first.pk)
    second = receive(dwayne, "Two payments this month", TWICE)
    run = arrival.understand(second.pk)
    assert run is not None
    assert [(one["ticket_id"], one["duplicate"]) for one in run.result["similar_tickets"]] == [(first.ticket.number, True)]
    assert Suggestion.objects.filter(ticket=second.ticket, suggestion_type="similar_ticket", source_id=first.ticket.number).exists()


def test_another_teams_tickets_are_not_shown_as_similar(
    support: Queue, billing: Queue, dwayne: Customer, ingrid: Customer, categories: list[Category]
) -> None:
    theirs = receive(ingrid, "Two payments", TWICE)
    arrival.understand(theirs.pk)
    theirs.ticket.move(queue=billing, by=None)
    run = arrival.understand(receive(dwayne, "Two payments", TWICE).pk)
    assert run is not None
    assert run.result["similar_tickets"] == []


def test_an_escalation_is_said_once_and_lifts_the_priority(support: Queue, dwayne: Customer, categories: list[Category]) -> None:
    first = receive(
        dwayne, "Data gone", "All our records are lost since the update. Our lawyer will contact you.", external_id="a@example.com"
    )
    arrival.understand(first.pk)
    second = receive(dwayne, "Re: Data gone", "Our lawyer is waiting.", in_reply_to="a@example.com", external_id="b@example.com")
    arrival.understand(second.pk)
    ticket = second.ticket
    ticket.refresh_from_db()
    assert ticket.priority == "urgent"
    assert ticket.metadata["escalation"]["level"] == "legal"
    assert Event.objects.filter(kind="ticket.escalated", ticket_ref=ticket.pk).count() == 1


def test_without_an_embedder_the_ticket_is_still_triaged_and_the_run_says_what_failed(
    support: Queue, dwayne: Customer, categories: list[Category], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise EmbeddingUnavailable("the server is away")

    monkeypatch.setattr(reading, "get_embedder", away)
    message = receive(dwayne, "Invoice INV-20931", TWICE)
    run = arrival.understand(message.pk)
    assert run is not None
    assert run.state == TriageRun.State.PARTIAL
    assert run.steps.get(name="ingest").error == "the server is away"
    assert run.result["analysis"]["category"] == "general"
    assert run.result["analysis"]["sentiment"]["label"] == "negative"
    assert "category" not in run.applied
    assert not Embedding.objects.filter(object_kind="ticket").exists()


def test_a_step_that_breaks_loses_nothing_else(
    support: Queue, dwayne: Customer, categories: list[Category], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("numbers")

    monkeypatch.setattr(categorise, "predict", broken)
    run = arrival.understand(receive(dwayne, "Two payments", TWICE).pk)
    assert run is not None
    assert run.result["metrics"]["errors"] == ["categorise: ZeroDivisionError: numbers"]
    assert run.result["analysis"]["sentiment"]["label"] == "negative"
    assert run.result["response"]["response_text"]


@pytest.mark.parametrize(
    "body",
    ["", "😀" * 300, "\u202eevil", "a" * 60_000, "<script>alert(1)</script>", "'; drop table tickets; --", "%s %d {0}", "?\n" * 9000],
)
def test_odd_messages_do_no_harm(support: Queue, body: str, categories: list[Category]) -> None:
    run = arrival.understand(receive("odd@example.com", "Subject", body).pk)
    assert run is not None
    assert run.state == TriageRun.State.DONE


def test_what_was_understood_stands_on_the_ticket_for_partners(support, drain, api):
    from tests.cast import receive

    number = receive("li@sakura.example", "Charged twice", "You charged us twice for invoice INV-20931.", external_id="a@x").ticket.number
    drain()
    analysis = api.get(f"/api/v1/tickets/{number}/").json()["analysis"]
    assert analysis["category"] == "billing"
    assert analysis["priority_reasons"]


def test_the_ticket_shows_the_mood_of_the_conversation_and_the_message_its_own(
    support: Queue, dwayne: Customer, categories: list[Category]
) -> None:
    first = receive(dwayne, "Ridiculous", "I am furious, this is a disgrace and nobody answers.", external_id="a@example.com")
    arrival.understand(first.pk)
    second = receive(dwayne, "Re: Ridiculous", "Thank you so much, it is perfect now!", in_reply_to="a@example.com")
    arrival.understand(second.pk)
    first.refresh_from_db()
    second.refresh_from_db()
    second.ticket.refresh_from_db()
    assert second.polarity is not None
    assert second.polarity > 0.22
    assert first.polarity is not None
    assert first.polarity < second.ticket.polarity < second.polarity


@pytest.mark.django_db(transaction=True)  # inside a test's transaction every step adds a savepoint
def test_what_a_mail_costs_in_statements(
    support: Queue, billing: Queue, dwayne: Customer, articles: list[Article], django_assert_max_num_queries: Any
) -> None:
    billing.categories.add(Category.objects.get(slug="billing"))
    arrival.understand(receive(dwayne, "Logo", "How do I change the logo?").pk)  # learns
    with django_assert_max_num_queries(25):
        message = receive("new@person.example", "Two payments", TWICE, external_id="n@person.example")
    with django_assert_max_num_queries(42):  # two for the draft: the team's macros, and whether the customer lets us tell what is on record
        run = arrival.understand(message.pk)
    assert run is not None
    assert {"category", "priority", "queue", "sentiment"} <= set(run.applied)
    assert Event.objects.filter(ticket_ref=message.ticket_id).count() == 6  # each change still has its own event
