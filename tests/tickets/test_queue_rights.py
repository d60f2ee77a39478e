"""Who may see, answer and manage which team: decided in one place, kept on every surface."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assist.chat import attending
from assist.models import CallSession, ChatSession
from customers.models import Customer
from helpdesk.core.errors import NotAllowed
from helpdesk.core.models import User
from knowledge.models import Incident
from tests.cast import ago, make_agent, receive, run_events, signed_in
from tickets import escalating, intake, linking, live, merging, replying, routing, searching
from tickets.models import Escalation, Message, Queue, QueueMembership, Rating, Ticket

pytestmark = pytest.mark.django_db
SECRET = "zanzibar"  # stands in the ticket of the closed team and nowhere else


@pytest.fixture
def closed(support: Queue, ingrid: Customer) -> Ticket:
    """A ticket of General support, which is its members' alone."""
    ticket = receive(ingrid, f"The {SECRET} invoice", f"Where is my {SECRET} invoice?").ticket
    Escalation.objects.create(ticket=ticket, level="legal")
    Rating.objects.create(ticket=ticket, customer=ingrid, queue=support, score=1, source="page")
    over = {"status": "completed", "started_at": ago(minutes=9), "answered_at": ago(minutes=8), "ended_at": ago(minutes=1)}
    CallSession.objects.create(call_id="c-1", queue=support, customer=ingrid, ticket=ticket, summary=f"About {SECRET}", **over)
    waiting = {"state": "waiting", "handed_over_at": ago(minutes=1)}
    ChatSession.objects.create(customer=ingrid, session_id="s-1", ticket=ticket, queue=support, **waiting)
    return ticket


@pytest.fixture
def indexed(closed: Ticket) -> Ticket:
    """The same, found by search and thought about by triage."""
    run_events()
    return closed


def grant(user: User, queue: Queue, right: str) -> None:
    QueueMembership.objects.update_or_create(user=user, queue=queue, defaults={"right": right})


def open_to(queue: Queue, access: str) -> None:
    Queue.objects.filter(pk=queue.pk).update(access=access)


PAGES = (
    "/inbox/all/",
    "/inbox/team-support/",
    "/search/?q=zanzibar",
    "/escalations/",
    "/calls/",
    "/customers/{customer}/",
    "/customers/{customer}/timeline/",
    "/assist/gaps/",
    "/api/v1/tickets/",
    "/api/v1/tickets/?search=zanzibar",
    "/api/v1/search/?q=zanzibar",
    "/api/v1/calls/",
    "/api/v1/satisfaction/",
    "/api/v1/events/",
)
ITSELF = (
    "/tickets/{number}/",
    "/tickets/{number}/due/",
    "/tickets/{number}/macros/",
    "/assist/tickets/{id}/",
    "/assist/tickets/{id}/draft/",
    "/assist/tickets/{id}/chat/",
    "/messages/{message}/body",
    "/calls/{call}/",
    "/api/v1/tickets/{number}/",
    "/api/v1/tickets/{number}/messages/",
    "/api/v1/tickets/{number}/events/",
    "/api/v1/calls/{call}/",
)


def address(path: str, ticket: Ticket) -> str:
    message, call = ticket.messages.first(), CallSession.objects.get(ticket=ticket)
    assert message is not None
    return path.format(number=ticket.number, id=ticket.pk, customer=ticket.customer_id, message=message.pk, call=call.session_id)


def test_a_closed_team_stands_on_no_page_of_somebody_else(indexed: Ticket, tomasz: User) -> None:
    client = signed_in(tomasz)
    answers = {path: client.get(address(path, indexed)) for path in PAGES}
    said = {path for path, answer in answers.items() if SECRET in _without_question(answer) or indexed.number in answer.content.decode()}
    assert said == set()
    assert {path for path in ITSELF if client.get(address(path, indexed)).status_code != 404} == set()


def test_its_members_and_supervisors_have_it_on_those_same_pages(indexed: Ticket, maya: User, priya: User) -> None:
    for person in (maya, priya):
        client = signed_in(person)
        assert {path for path in PAGES if client.get(address(path, indexed)).status_code != 200} == set()
        assert {path for path in ITSELF if client.get(address(path, indexed)).status_code == 404} == set()
        assert indexed.number in client.get("/inbox/all/").content.decode()


@pytest.mark.parametrize("access", ["read", "all"])
def test_a_team_that_is_open_to_everybody_is_seen_by_everybody(closed: Ticket, tomasz: User, support: Queue, access: str) -> None:
    open_to(support, access)
    client = signed_in(tomasz)
    assert {path for path in ITSELF if client.get(address(path, closed)).status_code == 404} == set()
    assert closed.number in client.get("/inbox/all/").content.decode()


def test_sockets_search_notices_and_lists_ask_the_same_question(indexed: Ticket, tomasz: User, support: Queue) -> None:
    def seen() -> list[bool]:
        return [
            f"queue.{support.pk}" in live.groups_of(tomasz, live.Screen()),
            searching.search(SECRET, viewer=tomasz).exists(),
            Escalation.objects.visible_to(tomasz).exists(),
            Rating.objects.visible_to(tomasz).exists(),
            CallSession.objects.visible_to(tomasz).exists(),
            ChatSession.objects.visible_to(tomasz).exists(),
            Message.objects.visible_to(tomasz).exists(),
            Queue.objects.visible_to(tomasz).filter(pk=support.pk).exists(),
        ]

    assert seen() == [False] * 8
    open_to(support, "read")
    assert seen() == [True] * 8


def test_whom_a_ticket_is_given_to_sees_it_and_answers_it(closed: Ticket, maya: User, tomasz: User) -> None:
    closed.assign(to=tomasz, by=maya)
    replying.reply(ticket=closed, by=tomasz, text="It is on its way.")
    assert signed_in(tomasz).get(f"/tickets/{closed.number}/").status_code == 200


@pytest.mark.parametrize("how", ["member who reads along", "everybody reads along"])
def test_who_reads_along_leaves_notes_and_changes_nothing(closed: Ticket, support: Queue, tomasz: User, ingrid: Customer, how: str) -> None:
    if how.startswith("member"):
        grant(tomasz, support, "see")
    else:
        open_to(support, "read")
    other = receive(ingrid, "Once more", "Hello again").ticket
    chat = ChatSession.objects.get(ticket=closed)
    incident = Incident.objects.create(reference="INC-1", title="Mail is slow")
    deeds: list[Any] = [
        lambda: replying.reply(ticket=closed, by=tomasz, text="Hello"),
        lambda: closed.set_status("resolved", by=tomasz),
        lambda: closed.set_priority("urgent", by=tomasz),
        lambda: closed.assign(to=tomasz, by=tomasz),
        lambda: closed.take(by=tomasz),
        lambda: closed.tag("mine", by=tomasz),
        lambda: merging.merge(kept=closed, merged=other, by=tomasz),
        lambda: attending.join(chat, by=tomasz),
        lambda: escalating.escalate(closed, level="legal", reason="Look at this", by=tomasz),
        lambda: intake.adopt(other.messages.get(), into=closed, by=tomasz),
        lambda: linking.link(closed, incident, by=tomasz),
    ]
    for deed in deeds:
        with pytest.raises(NotAllowed):
            deed()
    replying.note(ticket=closed, by=tomasz, text="I know this customer.")
    fresh = Ticket.objects.get(pk=closed.pk)
    assert (fresh.status, fresh.priority, fresh.assignee, fresh.tags.count()) == ("new", closed.priority, None, 0)


def test_the_pages_and_the_api_say_why(closed: Ticket, support: Queue, tomasz: User) -> None:
    grant(tomasz, support, "see")
    client = signed_in(tomasz)
    assert "You read along in this team" in client.get(f"/tickets/{closed.number}/").content.decode()
    answer = client.post(f"/tickets/{closed.number}/do/status/", {"status": "resolved"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and "not answer or change" in answer.content.decode()
    client.post("/inbox/bulk/", {"ticket": closed.number, "do": "status:resolved"})
    change = json.dumps({"status": "resolved"})
    answer = client.patch(f"/api/v1/tickets/{closed.number}/", change, content_type="application/json")
    assert answer.status_code == 403 and answer["Content-Type"].startswith("application/problem+json")
    assert Ticket.objects.get(pk=closed.pk).status == "new"


def test_who_reads_along_is_offered_nothing_to_do_but_a_note(indexed: Ticket, support: Queue, tomasz: User, maya: User) -> None:
    grant(tomasz, support, "see")
    deeds = ("/do/status/", "/do/assignee/", "/do/tag/", "/do/subject/", "/merge/", "draft-use", "suggestion-apply", "chat/join/")
    pages = ("/inbox/all/{number}/", "/assist/tickets/{id}/", "/assist/tickets/{id}/draft/", "/assist/tickets/{id}/chat/")

    def offered(person: User) -> tuple[str, set[str]]:
        html = "".join(signed_in(person).get(address(path, indexed)).content.decode() for path in pages)
        return html, {deed for deed in deeds if deed in html}

    theirs, found = offered(tomasz)
    assert found == {"/do/status/"}  # the button, which is off and says why
    assert 'data-keys="e" disabled' in theirs and 'value="reply" disabled' in theirs and 'value="note" checked' in theirs
    assert f'value="{indexed.number}" form="bulk" disabled' in theirs
    html, found = offered(maya)
    assert {"/do/status/", "/do/tag/", "/merge/", "chat/join/"} <= found and "data-reads-along" not in html


def test_a_ticket_that_comes_to_be_read_along_says_so_on_the_open_page(ticket: Ticket, billing: Queue, maya: User) -> None:
    open_to(billing, "read")
    shown = live.screen(maya, "all", "", ticket.number)
    heads = [op["html"] for op in live.ops_for(maya, shown, [], [ticket.pk]) if op.get("id") == "ticket-head"]
    ticket.move(queue=billing, by=maya)
    heads += [op["html"] for op in live.ops_for(maya, shown, [], [ticket.pk]) if op.get("id") == "ticket-head"]
    assert ["data-reads-along" in html for html in heads] == [False, True]


def test_the_next_ticket_is_never_one_to_read_along(closed: Ticket, support: Queue, billing: Queue, tomasz: User, ingrid: Customer) -> None:
    grant(tomasz, support, "see")
    mine = receive(ingrid, "Once more", "Hello again").ticket
    Ticket.objects.filter(pk=mine.pk).update(queue=billing, due_at=timezone.now() + timedelta(days=9))
    assert signed_in(tomasz).post("/inbox/next/")["Location"] == f"/inbox/mine/{mine.number}/"
    assert signed_in(tomasz).post("/inbox/next/")["Location"] == "/inbox/"


def test_a_handed_over_ticket_may_be_changed_in_the_same_breath(closed: Ticket, billing: Queue, maya: User) -> None:
    """Whoever moves a ticket to a team that they only read along in finishes what they began."""
    open_to(billing, "read")
    with closed.changing():
        closed.move(queue=billing, by=maya)
        closed.set_priority("high", by=maya)
    assert Ticket.objects.get(pk=closed.pk).priority == "high"
    with pytest.raises(NotAllowed):
        Ticket.objects.get(pk=closed.pk).set_priority("low", by=maya)


def test_who_reads_along_is_given_no_tickets(support: Queue, tomasz: User, ticket: Ticket) -> None:
    grant(tomasz, support, "see")
    Queue.objects.filter(pk=support.pk).update(routing="round_robin")
    Ticket.objects.filter(pk=ticket.pk).update(analysis={})
    routing.give_out(support.pk)
    assert Ticket.objects.get(pk=ticket.pk).assignee is None


def test_a_manager_sets_up_their_own_team_and_no_other(support: Queue, billing: Queue, maya: User) -> None:
    client, form = signed_in(maya), {"routing": "round_robin", "skills": "", "access": "all", f"right-{maya.pk}": "see"}
    assert client.get("/settings/routing/").status_code == 403
    grant(maya, support, "manage")
    listed = client.get("/settings/routing/").content.decode()
    assert "General support" in listed and ">Billing<" not in listed
    assert client.get(f"/settings/routing/{billing.pk}/").status_code == 404
    assert client.post(f"/settings/routing/{support.pk}/", form).status_code == 302
    fresh = Queue.objects.get(pk=support.pk)
    # how work is given out is theirs; who sees the team, and what each may do, is decided by those who oversee
    assert (fresh.routing, fresh.access, fresh.memberships.get(user=maya).right) == ("round_robin", "members", "manage")


def test_a_supervisor_decides_who_sees_a_team_and_what_its_members_may_do(support: Queue, maya: User, priya: User) -> None:
    form = {"routing": "manual", "skills": "", "access": "read", f"right-{maya.pk}": "manage", "takers": [str(maya.pk)]}
    assert signed_in(priya).post(f"/settings/routing/{support.pk}/", form).status_code == 302
    assert Queue.objects.get(pk=support.pk).access == "read"
    assert support.memberships.get(user=maya).right == "manage"


def test_a_persons_page_sets_their_right_team_by_team(support: Queue, billing: Queue, maya: User, priya: User) -> None:
    QueueMembership.objects.filter(user=maya).update(takes_work=False)
    client, path = signed_in(priya), f"/settings/people/{maya.pk}/"
    form = {
        "role": "agent",
        "capacity": 9,
        "queues": [support.pk, billing.pk],
        f"right-{support.pk}": "manage",
        f"right-{billing.pk}": "see",
    }
    assert client.post(path, form).status_code == 302
    rights = dict(maya.memberships.values_list("queue__slug", "right"))
    assert rights == {"support": "manage", "billing": "see"} and not maya.memberships.get(queue=support).takes_work
    assert "General support (manages)" in client.get("/settings/people/").content.decode()
    assert '<option value="see" selected>' in client.get(path).content.decode()
    client.post(path, {"role": "agent", "capacity": 9, "queues": [support.pk], f"right-{billing.pk}": "manage"})
    assert dict(maya.memberships.values_list("queue__slug", "right")) == {"support": "manage"}  # unsaid, a right stays as it was


def test_a_teams_page_lets_colleagues_in_and_out(support: Queue, maya: User, tomasz: User, priya: User) -> None:
    client, path = signed_in(priya), f"/settings/routing/{support.pk}/"
    assert client.post(path, {"routing": "manual", "joins": tomasz.pk, f"right-{maya.pk}": "out"}).status_code == 302
    assert list(support.memberships.values_list("user", "right")) == [(tomasz.pk, "answer")]
    grant(tomasz, support, "manage")
    signed_in(tomasz).post(path, {"routing": "manual", "joins": maya.pk})  # who is in is decided by those who oversee
    assert not support.memberships.filter(user=maya).exists()


def test_a_lead_is_no_exception(closed: Ticket, billing: Queue) -> None:
    lead = make_agent("Lena Fischer", billing, role=User.Role.LEAD)
    assert not Ticket.objects.visible_to(lead).exists()


def _without_question(answer: Any) -> str:
    """The page without the words that its reader typed."""
    text = answer.content.decode()
    for own in ('value="zanzibar"', "“zanzibar”", "q=zanzibar", "search=zanzibar"):
        text = text.replace(own, "")
    return text


def test_an_outsider_is_not_told_even_by_a_client_without_a_session(closed: Ticket) -> None:
    assert Client().get(f"/api/v1/tickets/{closed.number}/").status_code in (401, 403)
