"""A person's decision counts from the next ticket on, without anything being fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assist.learning import examples, policy, recalling
from assist.models import ActionPolicy, LabelledExample, Prediction, Suggestion
from customers.models import Customer
from helpdesk.core.embeddings import get_embedder
from helpdesk.core.errors import Conflict
from helpdesk.core.models import User
from knowledge import indexing
from knowledge.categories import load_default_categories
from knowledge.models import Article, Category
from tests.cast import make_agent, make_customer, receive
from tickets import replying
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db

HORN = "The forklift horn adapter hums at night. How do I quiet it?"
HORN_AGAIN = "Our forklift horn adapter is humming at night, how can we quiet it?"
TWICE = "I was charged twice for my subscription this month. Please refund one of the two payments."


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    load_default_categories()
    policy.forget_here()
    yield
    policy.forget_here()


def arrive(text: str, drain: Callable[[], int], sender: str = "someone@example.com", subject: str = "") -> Ticket:
    ticket = receive(sender, subject or text[:40], text).ticket
    drain()
    ticket.refresh_from_db()
    return ticket


def correct(ticket: Ticket, slug: str, by: User, drain: Callable[[], int]) -> None:
    ticket.set_category(Category.objects.get(slug=slug), by=by)
    drain()


def test_one_correction_counts_for_the_next_ticket_that_is_nearly_the_same(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    first = arrive(HORN, drain)
    before = Prediction.objects.get(ticket=first, field="category").label if first.category else ""
    assert before != "sales"
    correct(first, "sales", maya, drain)
    second = arrive(HORN_AGAIN, drain)
    assert second.category is not None and second.category.slug == "sales"
    assert "A colleague said so" in second.analysis["category_why"]  # type: ignore[index]


def test_a_correction_says_nothing_about_tickets_on_other_matters(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    correct(arrive(HORN, drain), "sales", maya, drain)
    other = arrive(TWICE, drain)
    assert other.category is not None and other.category.slug == "billing"


def test_a_correction_that_is_taken_back_no_longer_counts(support: Queue, maya: User, priya: User, drain: Callable[[], int]) -> None:
    first = arrive(HORN, drain)
    correct(first, "sales", maya, drain)
    example = LabelledExample.objects.get(ticket=first, field="category")
    examples.undo(example, by=priya)
    second = arrive(HORN_AGAIN, drain)
    assert second.category is None or second.category.slug != "sales"
    with pytest.raises(Conflict):
        examples.undo(example, by=priya)


def test_a_corrected_priority_counts_too_but_never_below_a_rules_floor(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    first = arrive(HORN, drain)
    first.set_priority("urgent", by=maya)
    drain()
    assert arrive(HORN_AGAIN, drain).priority == "urgent"
    breach = "Someone has broken into our account and changed the passwords. We see logins from abroad."
    hacked = arrive(breach, drain)
    assert hacked.priority == "urgent"
    hacked.set_priority("low", by=maya)
    drain()
    assert arrive(breach + " Help.", drain).priority == "urgent"


def test_what_the_engine_did_itself_teaches_nothing(support: Queue, drain: Callable[[], int]) -> None:
    ticket = arrive(TWICE, drain)
    assert ticket.category is not None
    assert not LabelledExample.objects.exists()


def test_a_solved_ticket_settles_what_nobody_changed(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    ticket = arrive(TWICE, drain)
    ticket.resolve(by=maya)
    drain()
    row = LabelledExample.objects.get(ticket=ticket, field="category")
    assert (row.label, row.weight, row.by) == ("billing", examples.BY_ITSELF, None)
    guess = Prediction.objects.get(ticket=ticket, field="category")
    assert (guess.actual, guess.correct, guess.outcome) == ("billing", True, "untouched")


def test_a_wrong_guess_is_measured_as_wrong(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    ticket = arrive(TWICE, drain)
    correct(ticket, "cancellation", maya, drain)
    guess = Prediction.objects.get(ticket=ticket, field="category")
    assert (guess.label, guess.actual, guess.correct, guess.band) == ("billing", "cancellation", False, "act")
    assert guess.outcome == "corrected"
    example = LabelledExample.objects.get(ticket=ticket, field="category")
    assert (example.guessed, example.weight, example.by) == ("billing", examples.OF_A_PERSON, maya)


def test_hearing_the_same_decision_twice_is_one_example(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    ticket = arrive(TWICE, drain)
    correct(ticket, "sales", maya, drain)
    row = LabelledExample.objects.get(ticket=ticket, field="category")
    examples.note(ticket.pk, "category", by=str(maya.pk))
    assert list(LabelledExample.objects.filter(field="category").values_list("pk", "created_at")) == [(row.pk, row.created_at)]


def test_whoever_solved_tickets_like_this_is_proposed(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    make_agent("Samir Haddad", support)
    for n in range(4):
        ticket = arrive(f"{HORN} Unit {n}.", drain, sender=f"p{n}@example.com")
        ticket.assign(to=maya, by=maya)
        ticket.resolve(by=maya)
        drain()
    new = arrive(HORN_AGAIN, drain)
    offered = Suggestion.objects.get(ticket=new, source_kind="assignee")
    assert offered.title == "Assign to Maya Lindqvist" and "tickets like this" in offered.why
    assert new.assignee is None, "assigning by itself is off unless a supervisor lowers the bar"


def test_a_supervisor_may_let_it_assign(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    ActionPolicy.objects.create(action="assignee", act_from=0.5, propose_from=0.3)
    for n in range(4):
        ticket = arrive(f"{HORN} Unit {n}.", drain, sender=f"p{n}@example.com")
        ticket.assign(to=maya, by=maya)
        drain()
    assert arrive(HORN_AGAIN, drain).assignee == maya


@pytest.mark.parametrize("mode", ["shadow", "off", "propose"])
def test_a_mode_that_does_not_act_changes_nothing_and_is_measured_all_the_same(
    mode: str, support: Queue, maya: User, drain: Callable[[], int]
) -> None:
    ActionPolicy.objects.create(action="category", mode=mode, act_from=0.5, propose_from=0.1)
    ticket = arrive(TWICE, drain)
    assert ticket.category is None
    proposed = Suggestion.objects.filter(ticket=ticket, source_kind="category").exists()
    assert proposed is (mode == "propose")
    guess = Prediction.objects.get(ticket=ticket, field="category")
    assert (guess.label, guess.band, guess.shadow) == ("billing", "act", mode == "shadow")


def test_forgetting_a_ticket_forgets_what_it_taught(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    ticket = arrive(HORN, drain)
    correct(ticket, "sales", maya, drain)
    examples.forget([ticket.pk])
    again = arrive(HORN_AGAIN, drain)
    assert again.category is None or again.category.slug != "sales"


def test_reading_a_ticket_costs_few_statements_however_much_was_labelled(
    support: Queue, maya: User, drain: Callable[[], int], django_assert_max_num_queries: Any
) -> None:
    for n in range(6):
        ticket = arrive(f"{HORN} Unit {n}.", drain, sender=f"p{n}@example.com")
        ticket.assign(to=maya, by=maya)
        drain()
    vector = get_embedder().embed([HORN])[0]
    with django_assert_max_num_queries(5):  # a savepoint, its settings, the question, the check before it
        assert len(recalling.near(vector)) >= 6


def test_customers_of_anyone_else_are_not_named_in_the_reason(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    secret: Customer = make_customer("Secret Customer", "secret@example.com")
    ticket = receive(secret, "Horn", HORN).ticket
    drain()
    ticket.refresh_from_db()
    correct(ticket, "sales", maya, drain)
    shown = arrive(HORN_AGAIN, drain).analysis
    assert "Secret" not in str(shown) and ticket.number not in str(shown)


def test_what_was_taken_back_is_not_written_again_when_solved(support: Queue, maya: User, priya: User, drain: Callable[[], int]) -> None:
    ticket = arrive(HORN, drain)
    correct(ticket, "sales", maya, drain)
    examples.undo(LabelledExample.objects.get(ticket=ticket, field="category"), by=priya)
    ticket.resolve(by=maya)
    drain()
    row = LabelledExample.objects.get(ticket=ticket, field="category")
    assert row.undone_at is not None and row.undone_by == priya


@pytest.mark.parametrize(("escalation", "raised"), [("on", True), ("propose", False), ("shadow", False), ("off", False)])
def test_a_rule_raises_the_priority_only_where_escalation_may_act(
    support: Queue, drain: Callable[[], int], escalation: str, raised: bool
) -> None:
    ActionPolicy.objects.update_or_create(action="priority", defaults={"mode": "shadow", "act_from": 0.5, "propose_from": 0.1})
    ActionPolicy.objects.update_or_create(action="escalation", defaults={"mode": escalation, "act_from": 0.5, "propose_from": 0.1})
    policy.forget_here()
    ticket = arrive("I will sue you. My lawyer will contact you about this breach of contract.", drain)
    assert (ticket.priority != "normal") is raised


def test_an_agent_who_takes_the_proposal_confirms_it(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    ActionPolicy.objects.create(action="category", mode="propose", act_from=0.5, propose_from=0.1)
    ticket = arrive(TWICE, drain)
    correct(ticket, "billing", maya, drain)
    guess = Prediction.objects.get(ticket=ticket, field="category")
    assert (guess.correct, guess.outcome) == (True, "confirmed")


def test_the_team_that_takes_the_category_is_a_guess_too(support: Queue, maya: User, drain: Callable[[], int]) -> None:
    money = Queue.objects.create(name="Money", slug="money")
    money.categories.add(Category.objects.get(slug="billing"))
    ActionPolicy.objects.create(action="queue", mode="shadow", act_from=0.5, propose_from=0.1)
    ticket = arrive(TWICE, drain)
    guess = Prediction.objects.get(ticket=ticket, field="queue")
    assert ticket.queue == support
    assert (guess.label, guess.band, guess.shadow) == ("money", "act", True)
    ticket.move(queue=money, by=maya)
    drain()
    guess.refresh_from_db()
    assert (guess.actual, guess.outcome) == ("money", "confirmed")


def test_in_shadow_escalations_and_articles_are_noted_and_neither_done_nor_shown(
    support: Queue, maya: User, priya: User, drain: Callable[[], int]
) -> None:
    gate = Article.objects.create(
        slug="lawyers", title="When lawyers write", body="What our lawyers answer to a breach of contract.", status="published"
    )
    indexing.index_articles([gate])
    policy.everything_in_shadow(on=True, by=priya)
    ticket = arrive("I will sue you. My lawyer will contact you about this breach of contract.", drain)
    assert (ticket.priority, ticket.category) == ("normal", None)
    assert "escalation" not in ticket.metadata
    assert not Suggestion.objects.filter(ticket=ticket, suggestion_type__in=("article", "action"), retired_at=None).exists()
    guesses = {one.field: one for one in Prediction.objects.filter(ticket=ticket)}
    assert guesses["escalation"].shadow and guesses["escalation"].label == "legal"
    assert guesses["article"].shadow and guesses["article"].label == gate.slug
    replying.reply(ticket=ticket, by=maya, text="See /help/lawyers/", status="resolved")
    drain()
    settled = {one.field: (one.actual, one.outcome) for one in Prediction.objects.filter(ticket=ticket)}
    assert settled["article"] == (gate.slug, "confirmed")
    assert settled["escalation"] == ("legal", "untouched")


def test_an_agent_who_makes_it_less_urgent_says_it_need_not_have_been_escalated(
    support: Queue, maya: User, drain: Callable[[], int]
) -> None:
    ticket = arrive("I will sue you. My lawyer will contact you about this breach of contract.", drain)
    assert ticket.priority != "low"
    ticket.set_priority("low", by=maya)
    ticket.resolve(by=maya)
    drain()
    guess = Prediction.objects.get(ticket=ticket, field="escalation")
    assert (guess.actual, guess.outcome) == ("none", "corrected")
