"""The customer's own page: a link by mail, what is remembered, correcting, consent, export and erasure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from customers import customer_session, erasure, exporting, memory, privacy_requests, tasks
from customers.memory import Source
from customers.models import AccessEntry, Customer, Erasure, ErasureWish, MemoryFact
from helpdesk.core.models import OneTimeToken, User
from tests.cast import ago, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(ingrid: Customer) -> Client:
    """Ingrid's browser, behind the link."""
    memory.grant(ingrid)
    memory.learn(ingrid, "plan", "Growth", source=Source("message", "x", "We are on Growth"), since=ago(days=90), learned=ago(days=90))
    client = Client()
    assert client.post(link_for(ingrid.email)).headers["Location"] == "/help/privacy/"
    return client


def link_for(address: str) -> str:
    customer_session.send_link(address)
    return re.search(r"/help/visit/\S+", str(mail.outbox[-1].body)).group()  # type: ignore[union-attr]


def test_every_address_gets_the_same_answer_and_only_ours_gets_a_mail(ingrid: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(tasks.send_customer_link, "apply_async", lambda args=(), **_more: asked.append(args[0]))
    pages = [
        re.sub(r"csrf\S+|nonce\S+|<bdi>.*?</bdi>", "", Client().post("/help/privacy/", {"email": one}).content.decode())
        for one in (ingrid.email, "no@x.example")
    ]
    assert pages[0] == pages[1]
    for address in asked:
        tasks.send_customer_link(address)
    assert [message.to for message in mail.outbox] == [[ingrid.email]]


def test_a_link_opens_once_and_only_by_pressing_the_button(ingrid: Customer) -> None:
    link = link_for(ingrid.email.upper())
    assert "Go on" in Client().get(link).content.decode()
    assert Client().post(link).status_code == 302
    assert Client().post(link).status_code == 404
    assert Client().post("/help/visit/nothing/").status_code == 404
    secret = link.rstrip("/").rpartition("/")[2]
    assert secret not in str(list(OneTimeToken.objects.values()))


def test_links_are_few_and_visits_end(ingrid: Customer, visit: Client) -> None:
    for _n in range(5):
        customer_session.send_link(ingrid.email)
    assert len(mail.outbox) == 3
    OneTimeToken.objects.filter(purpose="visit").update(expires_at=timezone.now())
    assert "Send me the link" in visit.get("/help/privacy/").content.decode()


def test_they_see_and_correct_what_is_remembered(ingrid: Customer, dwayne: Customer, visit: Client) -> None:
    shown = visit.get("/help/privacy/").content.decode()
    assert "Growth" in shown
    assert "We are on Growth" in shown
    fact = MemoryFact.objects.get()
    assert visit.post("/help/privacy/", {"do": "correct", "fact": str(fact.pk), "value": "Enterprise"}).status_code == 302
    assert [one.value for one in memory.facts(ingrid)] == ["Enterprise"]
    memory.grant(dwayne)
    other = memory.learn(dwayne, "plan", "Free", source=Source("api"))
    for wrong in (str(other.pk), "nonsense", ""):
        assert visit.post("/help/privacy/", {"do": "correct", "fact": wrong, "value": "Mine"}).status_code == 404
    assert AccessEntry.objects.filter(actor_kind="customer", what="privacy page").exists()


def test_consent_is_theirs_to_give_and_take_back(ingrid: Customer, visit: Client) -> None:
    visit.post("/help/privacy/", {"do": "consent", "purpose": "storage", "decision": "revoke"})
    assert not memory.allows(ingrid, "storage", "Entity")
    visit.post("/help/privacy/", {"do": "consent", "purpose": "storage", "decision": "grant"})
    assert memory.allows(ingrid, "storage", "Entity")
    assert visit.post("/help/privacy/", {"do": "consent", "purpose": "all", "decision": "grant"}).status_code == 400


def test_the_archive_is_announced_and_fetched_by_nobody_else(ingrid: Customer, visit: Client) -> None:
    visit.post("/help/privacy/", {"do": "export"})
    exporting.make_waiting()
    assert "archive" in mail.outbox[-1].subject.lower()
    path = f"/help/privacy/export/{ingrid.exports.get().pk}/"
    assert visit.get(path).status_code == 200
    assert Client().get(path).status_code == 404


def test_a_wish_to_be_erased_waits_for_a_supervisor(ingrid: Customer, visit: Client, priya: User) -> None:
    visit.post("/help/privacy/", {"do": "erase"})
    assert not ErasureWish.objects.exists()
    visit.post("/help/privacy/", {"do": "erase", "sure": "1"})
    assert "You asked on" in visit.get("/help/privacy/").content.decode()
    assert "asked to be erased" in signed_in(priya).get(f"/customers/{ingrid.pk}/").content.decode()
    erasure.erase(ingrid.pk, by=priya)
    assert "Send me the link" in visit.get("/help/privacy/").content.decode()


def test_or_it_happens_at_once_where_the_company_says_so(ingrid: Customer, visit: Client, settings: Any) -> None:
    settings.ERASE_CUSTOMERS_AT_ONCE = True
    answer = visit.post("/help/privacy/", {"do": "erase", "sure": "1"})
    assert "being erased" in visit.get(answer["Location"]).content.decode(), "by the worker: the request does not wait for it"
    assert "Send me the link" in visit.get("/help/privacy/").content.decode(), "the visit has ended"
    privacy_requests.carry_out()
    assert "is erased" in visit.get(answer["Location"]).content.decode()
    assert not Customer.objects.filter(pk=ingrid.pk).exists() and Erasure.objects.get().by == "customer"


def test_one_sign_in_opens_requests_and_data_and_one_sign_out_ends_both(ingrid: Customer, visit: Client) -> None:
    stolen = Client()
    stolen.cookies = visit.cookies.copy()
    for browser in (visit, stolen):
        assert ingrid.email in browser.get("/help/requests/").content.decode()
        assert "Growth" in browser.get("/help/privacy/").content.decode()
    assert visit.post("/help/visit/end/").status_code == 302
    for browser in (visit, stolen):
        for path in ("/help/requests/", "/help/privacy/"):
            assert "Send me the link" in browser.get(path).content.decode(), "a copy of the cookie opens nothing any more"


@pytest.mark.parametrize(
    ("purpose", "path", "to"),
    [("customer", "/help/privacy/in/{}/", "/help/privacy/"), ("requests", "/help/requests/open/{}/", "/help/requests/")],
)
def test_links_of_older_mails_still_open_what_they_promised(ingrid: Customer, purpose: str, path: str, to: str) -> None:
    _token, secret = OneTimeToken.issue(purpose, lifetime=timedelta(minutes=5), email=ingrid.email)
    client = Client()
    assert client.post(path.format(secret)).headers["Location"] == to
    assert ingrid.email in client.get(to).content.decode()


def test_what_cannot_be_taken_back_takes_a_link_of_the_last_hour(ingrid: Customer, visit: Client) -> None:
    visit.post("/help/privacy/", {"do": "export"})
    exporting.make_waiting()
    archive = f"/help/privacy/export/{ingrid.exports.get().pk}/"
    OneTimeToken.objects.filter(purpose="visit").update(created_at=ago(hours=2))
    assert "follow a new link" in visit.get("/help/privacy/").content.decode()
    for wish in ({"do": "erase", "sure": "1"}, {"do": "export"}):
        assert visit.post("/help/privacy/", wish).status_code == 403
    assert visit.get(archive).headers["Location"] == "/help/privacy/"
    assert not ErasureWish.objects.exists()
    assert ingrid.exports.count() == 1


def test_an_address_taken_from_a_customer_opens_their_data_no_more(ingrid: Customer, visit: Client) -> None:
    ingrid.contact_points.all().delete()
    assert "Growth" not in visit.get("/help/privacy/").content.decode()
