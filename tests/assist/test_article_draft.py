"""An article from a ticket: the problem, the solution, and nobody's name."""

from __future__ import annotations

import pytest
from django.test import Client

from assist.article_draft import draft_article
from customers.models import Customer
from helpdesk.core.errors import Conflict
from helpdesk.core.models import User
from knowledge.models import Article
from tests.cast import make_category, receive, signed_in
from tickets import replying
from tickets.models import Ticket

QUESTION = """Hello Maya,

since Monday our order ORD-88231 does not sync. Ingrid Sørensen-Dahl here, from Nordhavn Logistics A/S. The key expired, it says E401.
See https://app.fernway.example/orders/88231?token=secret#me or call me on +44 1632 960961, ingrid@nordhavn.example.
Our account is DE89 3704 0044 0532 0130 00.

Kind regards
Ingrid
Head of IT
"""
ANSWER = """Hi Ingrid,

the key of your connector has expired. Make a new one:

1. Open **Settings**, then **API keys**.
2. Choose *Renew*, and copy the key into the connector.

The orders of the last 7 days are fetched again by themselves, Ingrid.

Best regards
Maya"""


@pytest.fixture
def solved(ingrid: Customer, maya: User, support: object) -> Ticket:
    ticket = receive(ingrid, "RE: [Nordhavn] Orders do not sync since Monday", QUESTION).ticket
    ticket.set_category(make_category("integration"), by=maya)
    replying.reply(ticket=ticket, by=maya, text="I am looking into it.")
    replying.note(ticket=ticket, by=maya, text="Secret note: she is impatient." + " x" * 100)
    replying.reply(ticket=ticket, by=maya, text=ANSWER)
    return Ticket.objects.get(pk=ticket.pk)


def test_the_draft_has_problem_and_solution_in_the_tickets_category(solved: Ticket, maya: User) -> None:
    article = draft_article(solved, by=maya)
    assert (article.title, article.status, article.owner) == ("Orders do not sync since Monday", Article.Status.DRAFT, maya)
    assert article.category and article.category.slug == "integration"
    problem, _heading, solution = article.body.partition("## What helps")
    assert problem.startswith("since Monday our order [order number] does not sync.") and "E401" in problem
    assert "1. Open **Settings**, then **API keys**." in solution and "looking into it" not in solution
    assert article.revisions.count() == 1


def test_nobody_is_named_and_nothing_personal_is_left(solved: Ticket, maya: User) -> None:
    article = draft_article(solved, by=maya)
    for personal in (
        "Ingrid",
        "Sørensen",
        "Nordhavn",
        "Maya",
        "ingrid@",
        "960961",
        "88231?",
        "secret",
        "Secret note",
        "3704",
        "Head of IT",
        "regards",
    ):
        assert personal not in article.title + article.body, personal
    assert "https://app.fernway.example/orders/88231 " in article.body


def test_pressing_twice_gives_the_same_draft(solved: Ticket, maya: User) -> None:
    assert draft_article(solved, by=maya).pk == draft_article(solved, by=maya).pk
    Article.objects.update(status="published")
    assert draft_article(solved, by=maya).slug.endswith("-2")


def test_a_ticket_that_nobody_answered_gives_no_article(ticket: Ticket, maya: User) -> None:
    with pytest.raises(Conflict):
        draft_article(ticket, by=maya)


def test_the_button_leads_into_the_editor(solved: Ticket, maya: User, tomasz: User) -> None:
    path = f"/assist/tickets/{solved.pk}/article/"
    assert path in signed_in(maya).get(f"/tickets/{solved.number}/").content.decode()
    assert signed_in(tomasz).post(path).status_code == 404
    answer = signed_in(maya).post(path)
    assert answer["Location"] == f"/knowledge/{Article.objects.get().pk}/edit/"
    assert Client().post(path)["Location"].startswith("/accounts/login/")


def test_a_refusal_is_said_on_the_ticket(ticket: Ticket, as_maya: Client) -> None:
    page = as_maya.post(f"/assist/tickets/{ticket.pk}/article/", follow=True).content.decode()
    assert "Nobody has answered this ticket yet" in page
