"""Customers say how it went: by a link that only shows, a press that counts, and what follows from a low one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from customers import memory
from customers.models import Customer, MemoryNode
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Event, User
from tests.cast import receive, run_events, signed_in
from tickets import asking, rating, replying, tracking
from tickets.channels import outgoing
from tickets.models import Delivery, Rating, Ticket

pytestmark = pytest.mark.django_db


def link(ticket: Ticket) -> str:
    return f"/help/rate/{rating.token_for(ticket)}/"


def mailed(ticket: Ticket, by: User, status: str = "resolved", recipient: str = "ingrid@nordhavn.example") -> str:
    sent = replying.reply(ticket=ticket, by=by, text="It works again.", status=status, undo=timedelta(0), cc=["boss@nordhavn.example"])
    return str(outgoing.compose(Delivery.objects.get(message=sent, recipient=recipient)).body)


@pytest.fixture
def solved(ticket: Ticket, maya: User) -> Ticket:
    ticket.assign(to=maya, by=maya)
    ticket.resolve(by=maya)
    return ticket


def test_the_mail_that_solves_asks_how_it_went(ticket: Ticket, maya: User) -> None:
    links = re.findall(r"/help/rate/\S+\?score=\d", mailed(ticket, maya))
    assert [one[-1] for one in links] == ["5", "4", "3", "2", "1"]
    page = Client().get(links[0])
    assert page.status_code == 200 and 'value="5" checked' in page.content.decode()


@pytest.mark.parametrize("status", ["open", "pending"])
def test_no_other_mail_asks(ticket: Ticket, maya: User, status: str) -> None:
    assert "/help/rate/" not in mailed(ticket, maya, status)


def test_whoever_is_only_copied_in_is_not_asked(ticket: Ticket, maya: User) -> None:
    assert "/help/rate/" not in mailed(ticket, maya, recipient="boss@nordhavn.example")


def test_where_the_question_would_hurt_it_is_not_put(ticket: Ticket, maya: User) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(metadata={"follow_up": {"due": False}})
    assert "/help/rate/" not in mailed(ticket, maya)


def test_programs_that_open_every_link_rate_nothing(solved: Ticket) -> None:
    for score in range(1, 6):
        assert Client().get(f"{link(solved)}?score={score}").status_code == 200
        assert Client().head(f"{link(solved)}?score={score}").status_code == 200
    assert not Rating.objects.exists()


def test_a_press_rates_and_counts_for_team_agent_and_customer(solved: Ticket, maya: User) -> None:
    page = link(solved)
    answer = Client().post(page, {"score": "5", "comment": "Quick and kind."})
    assert answer.status_code == 302 and answer["Location"] == page
    given = Rating.objects.get()
    assert (given.score, given.comment, given.agent, given.queue) == (5, "Quick and kind.", maya, solved.queue)
    assert Customer.objects.get(pk=solved.customer_id).satisfaction_score == 5
    told = Event.objects.get(kind="rating.given")
    assert (told.ticket_ref, told.actor_kind, told.data["score"], told.data["old"]) == (solved.pk, "customer", 5, None)
    assert "We have noted 5 of 5" in Client().get(link(solved)).content.decode()


def test_the_same_press_twice_is_one_rating_and_one_event(solved: Ticket) -> None:
    for _press in range(2):
        rating.rate(ticket=solved, score=4, source="mail", comment="Fine")
    assert Rating.objects.count() == Event.objects.filter(kind="rating.given").count() == 1


def test_they_may_change_their_mind_for_a_while(solved: Ticket) -> None:
    rating.rate(ticket=solved, score=4, source="mail", comment="Fine")
    rating.rate(ticket=solved, score=5, source="page")
    given = Rating.objects.get()
    assert (given.score, given.comment) == (5, "Fine"), "words stay when only the number changes"
    assert Event.objects.filter(kind="rating.given").last().data["old"] == 4  # type: ignore[union-attr]
    Rating.objects.update(created_at=timezone.now() - rating.CHANGE_WITHIN - timedelta(minutes=1))
    with pytest.raises(Conflict):
        rating.rate(ticket=solved, score=1, source="mail")
    assert Client().post(link(solved), {"score": "1"}).status_code == 422
    assert "no longer be changed" in Client().get(link(solved)).content.decode()


@pytest.mark.parametrize("score", ["0", "6", "", "five", "5.0"])
def test_a_number_that_is_none_changes_nothing(solved: Ticket, score: str) -> None:
    assert Client().post(link(solved), {"score": score}).status_code == 422
    assert not Rating.objects.exists()
    with pytest.raises(Invalid):
        rating.rate(ticket=solved, score=6, source="mail")


def test_links_that_we_did_not_sign_and_old_ones_open_nothing(solved: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    token = rating.token_for(solved)
    for wrong in ("x", solved.pk.hex, f"{token}x", token[:-2], "a:b:c"):
        assert Client().get(f"/help/rate/{wrong}/").status_code == 404
    monkeypatch.setattr(rating, "LIFETIME", timedelta(seconds=-1))
    assert Client().get(f"/help/rate/{token}/").status_code == 404


def test_the_request_page_asks_with_one_press(solved: Ticket) -> None:
    page = tracking.link_for(solved, "ingrid@nordhavn.example")
    path = page[page.index("/help/") :]
    shown = Client().get(path).content.decode()
    action = re.search(r'action="(/help/rate/[^"]+)"', shown)
    assert action
    assert Client().post(action[1], {"score": "4", "page": "1"}).status_code == 302
    assert Rating.objects.get().source == "page"
    assert "You rated this with 4 of 5" in Client().get(path).content.decode()


def test_an_open_request_is_not_rated_on_its_page(ticket: Ticket) -> None:
    page = tracking.link_for(ticket, "ingrid@nordhavn.example")
    assert "/help/rate/" not in Client().get(page[page.index("/help/") :]).content.decode()


def test_satisfaction_is_what_they_think_now(support: Any, ingrid: Customer) -> None:
    for number in range(rating.LAST + 1):
        ticket = receive(ingrid, f"Ticket {number}", external_id=f"n{number}@x.example").ticket
        rating.rate(ticket=ticket, score=1 if number == 0 else 4, source="api")
        Rating.objects.filter(ticket=ticket).update(created_at=timezone.now() - timedelta(days=20 - number))
    rating.rate(ticket=ticket, score=5, source="api")
    ingrid.refresh_from_db()
    assert ingrid.satisfaction_score == pytest.approx((4 * 9 + 5) / 10), "the oldest no longer counts"


def test_a_low_rating_opens_a_ticket_for_a_supervisor_once(solved: Ticket, priya: User) -> None:
    rating.rate(ticket=solved, score=1, source="mail")
    run_events()
    opened = Ticket.objects.exclude(pk=solved.pk).get()
    assert opened.metadata["follow_up_of"] == solved.number and opened.priority == "high" and opened.queue == solved.queue
    escalated = Event.objects.filter(kind="ticket.escalated", ticket_ref=opened.pk).first()
    assert escalated and escalated.data == {"level": "supervisor", "reasons": [f"Rated {solved.number} with 1 of 5"]}
    rating.rate(ticket=solved, score=2, source="mail", comment="Three people, three answers.")
    run_events()
    assert Ticket.objects.count() == 2, "the words come to the ticket that is open already"
    assert opened.messages.filter(body_text="Three people, three answers.").count() == 1
    assert opened.number in signed_in(priya).get("/inbox/escalated/").content.decode()


@pytest.mark.parametrize("score", [3, 4, 5])
def test_any_other_rating_opens_none(solved: Ticket, score: int) -> None:
    rating.rate(ticket=solved, score=score, source="mail")
    run_events()
    assert Ticket.objects.count() == 1


def test_it_lands_in_their_memory_and_on_their_timeline(solved: Ticket, priya: User) -> None:
    memory.grant(solved.customer)
    rating.rate(ticket=solved, score=4, source="mail", comment="Quick.")
    run_events()
    node = MemoryNode.objects.get(source_kind="rating")
    assert "4 of 5: Quick." in node.text and node.kind == "CustomerFeedback"
    assert "Rated with 4 of 5" in signed_in(priya).get(f"/customers/{solved.customer_id}/timeline/").content.decode()
    assert "rated this with 4 of 5" in signed_in(priya).get(f"/inbox/all/{solved.number}/").content.decode()


def test_without_leave_nothing_is_remembered(solved: Ticket) -> None:
    rating.rate(ticket=solved, score=4, source="mail")
    run_events()
    assert not MemoryNode.objects.exists()


# -- asked by a mail of its own --------------------------------------------------------------------------------


def plan(ticket: Ticket, hours: float = -1) -> None:
    at = (timezone.now() + timedelta(hours=hours)).isoformat()
    ticket.metadata = {**ticket.metadata, "follow_up": {"due": True, "at": at, "why": "x", "after_hours": 24}}
    ticket.touch("metadata")
    with transaction.atomic():
        ticket.record("ticket.follow_up_planned", at=at, reason="x")


@pytest.fixture
def with_a_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_what_was_solved_without_a_mail_is_asked_about_later_and_once(with_a_server: None, solved: Ticket) -> None:
    plan(solved)
    assert [asking.ask_due(), asking.ask_due()] == [1, 0]
    delivery = Delivery.objects.get()
    sent = outgoing.compose(delivery)
    assert sent.subject == "How did we do?" and "/help/rate/" in str(sent.body) and sent.message()["Auto-Submitted"] == "auto-replied"
    solved.refresh_from_db()
    assert solved.status == "resolved" and solved.last_agent_message_at is None, "no clock moves by it"


@pytest.mark.parametrize("why", ["not yet", "reopened", "rated", "asked in the mail", "by phone", "no server", "switched off"])
def test_nobody_else_is_asked(with_a_server: None, solved: Ticket, maya: User, settings: Any, why: str) -> None:
    plan(solved, hours=1 if why == "not yet" else -1)
    if why == "reopened":
        solved.reopen(by=maya)
    elif why == "rated":
        rating.rate(ticket=solved, score=5, source="page")
    elif why == "asked in the mail":
        mailed(solved, maya)
    elif why == "by phone":
        Ticket.objects.update(channel="phone")
    elif why == "no server":
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    elif why == "switched off":
        settings.SATISFACTION_ASK = False
    assert asking.ask_due() == 0


# -- the API ---------------------------------------------------------------------------------------------------


def test_partners_rate_change_and_read(api: Client, solved: Ticket) -> None:
    for score, comment in ((3, "So-so"), (4, "Better")):
        answer = api.post(
            "/api/v1/satisfaction/", {"ticket": solved.number, "score": score, "comment": comment}, content_type="application/json"
        )
        assert answer.status_code == 201, answer.content
    (only,) = api.get("/api/v1/satisfaction/", {"score": 4, "queue": "support", "ticket": solved.number}).json()["results"]
    assert (only["score"], only["comment"], only["source"], only["ticket"]) == (4, "Better", "api", solved.number)
    assert api.get("/api/v1/satisfaction/", {"score": 3}).json()["results"] == []


@pytest.mark.parametrize(
    "body", [{"score": 6}, {"score": 0}, {"score": "good"}, {}, {"score": 3, "ticket": "TKT-20200101-0001"}, {"score": 3, "stars": 5}]
)
def test_what_is_no_rating_is_refused(api: Client, solved: Ticket, body: dict[str, Any]) -> None:
    answer = api.post("/api/v1/satisfaction/", {"ticket": solved.number, **body}, content_type="application/json")
    assert answer.status_code == 400 and not Rating.objects.exists()


def test_an_agent_sees_the_ratings_of_their_own_teams(solved: Ticket, maya: User, tomasz: User) -> None:
    rating.rate(ticket=solved, score=5, source="mail")
    assert len(signed_in(maya).get("/api/v1/satisfaction/").json()["results"]) == 1
    assert signed_in(tomasz).get("/api/v1/satisfaction/").json()["results"] == []
