"""My requests: a mailed link, and nothing for anybody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from customers import customer_session
from customers.models import Customer
from helpdesk.core.models import OneTimeToken
from tests.cast import receive
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail(settings: Any, clean_cache: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def link_to(address: str) -> str:
    customer_session.send_link(address, customer_session.REQUESTS)
    found = re.search(r"/help/visit/\S+", str(mail.outbox[-1].body))
    assert found
    return found[0]


@pytest.fixture
def visitor(ticket: Ticket) -> Client:
    """A browser that followed Ingrid's link."""
    client = Client()
    assert client.post(link_to("ingrid@nordhavn.example")).status_code == 302
    return client


def test_the_form_says_the_same_for_known_and_unknown_addresses(ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("customers.visit_views.send_quietly", lambda _task, address, _to: asked.append(address))
    pages = [Client().post("/help/requests/", {"email": address}) for address in ("ingrid@nordhavn.example", "stranger@x.example")]
    said = [re.sub(r"<bdi>.*?</bdi>|value=\"[^\"]*\"", "", page.content.decode()) for page in pages]
    assert said[0] == said[1] and pages[0].status_code == pages[1].status_code == 200
    assert len(asked) == 2, "the worker finds out who is known"
    assert customer_session.send_link("stranger@x.example") is False and not mail.outbox


def test_a_link_opens_the_persons_requests_once(ticket: Ticket, dwayne: Customer) -> None:
    receive(dwayne, "Somebody else's", "Words")
    link, client = link_to("Ingrid@Nordhavn.example"), Client()
    assert client.get(link).status_code == 200, "a mail scanner's look does not use it up"
    assert client.post(link)["Location"] == "/help/requests/"
    page = client.get("/help/requests/").content.decode()
    assert ticket.subject in page and "Somebody else" not in page
    assert Client().post(link).status_code == 404


def test_a_request_leads_to_its_own_page(visitor: Client, ticket: Ticket) -> None:
    tracked = visitor.get(f"/help/requests/mine/{ticket.number}/")
    assert tracked.status_code == 302
    assert ticket.subject in visitor.get(tracked["Location"]).content.decode()


def test_what_is_not_theirs_is_not_there(visitor: Client, dwayne: Customer) -> None:
    other = receive(dwayne, "Somebody else's", "Words").ticket
    for number in (other.number, "TKT-20200101-0001", "x"):
        assert visitor.get(f"/help/requests/mine/{number}/").status_code == 404


def test_without_a_cookie_or_with_a_made_up_one_nobody_sees_anything(ticket: Ticket) -> None:
    stranger = Client()
    assert "We send a link" in stranger.get("/help/requests/").content.decode()
    stranger.cookies["customer-visit"] = "forged"
    assert ticket.subject not in stranger.get("/help/requests/").content.decode()
    assert stranger.get(f"/help/requests/mine/{ticket.number}/").status_code == 404


def test_whoever_was_taken_out_of_a_ticket_no_longer_sees_it(visitor: Client, ticket: Ticket) -> None:
    from django.utils import timezone

    ticket.participants.update(removed_at=timezone.now())
    assert ticket.subject not in visitor.get("/help/requests/").content.decode()


def test_asking_too_often_sends_nothing_and_says_the_same(ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.visit_views.send_quietly", lambda task, *args: task(*args))
    answers = {Client().post("/help/requests/", {"email": "ingrid@nordhavn.example"}).status_code for _n in range(6)}
    assert answers == {200} and len(mail.outbox) == customer_session.PER_ADDRESS


def test_only_a_hash_of_the_link_is_stored(ticket: Ticket) -> None:
    secret = link_to("ingrid@nordhavn.example").rstrip("/").rpartition("/")[2]
    assert secret not in str(OneTimeToken.objects.values())


def test_whoever_was_only_copied_in_sees_the_request_and_no_data_of_anybody(ticket: Ticket) -> None:
    ticket.participants.create(address="copied@partner.example", role="follower")
    client = Client()
    assert client.post(link_to("copied@partner.example"))["Location"] == "/help/requests/"
    assert ticket.subject in client.get("/help/requests/").content.decode()
    assert "no record of you" in client.get("/help/privacy/").content.decode()
