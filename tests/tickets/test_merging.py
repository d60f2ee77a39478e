"""Two tickets of one matter become one, and two again; what comes later finds the one that is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assist.models import Suggestion
from assist.triage import arrival
from customers.models import Customer
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Event, User
from knowledge.models import SolvedCase
from tests.cast import ago, receive, signed_in
from tickets import merging, replying, requests, searching, tracking
from tickets.models import Escalation, Queue, Ticket, TicketMerge

pytestmark = pytest.mark.django_db
WORDS = "The import of routes stops at row 214 with error IMP-214. We tried it three times today with the same file."


@pytest.fixture
def pair(support: Queue, ingrid: Customer) -> tuple[Ticket, Ticket]:
    """(kept, merged)"""
    return receive(ingrid, "Import stops", WORDS).ticket, receive(ingrid, "Import stops again", f"{WORDS} Please help.").ticket


def test_what_was_said_moves_and_the_other_is_closed(pair: tuple[Ticket, Ticket], maya: User) -> None:
    kept, merged = pair
    merged.tag("import", by=maya)
    merged.participants.create(address="colleague@nordhavn.example", role="cc")
    before = kept.last_customer_message_at
    preview = merging.preview(kept, merged)
    assert (preview.messages, preview.people, preview.tags) == (1, ["colleague@nordhavn.example"], ["import"])
    merging.merge(kept=kept, merged=merged, by=maya)
    kept.refresh_from_db()
    merged.refresh_from_db()
    assert [message.body_text for message in kept.messages.in_order()] == [WORDS, f"{WORDS} Please help."]
    assert (merged.status, merged.merged_into, merged.messages.count()) == ("closed", kept, 0)
    assert kept.last_customer_message_at is not None
    assert before is not None
    assert kept.last_customer_message_at > before
    assert kept.participants.filter(address="colleague@nordhavn.example", role="cc").exists()
    assert list(kept.tags.values_list("name", flat=True)) == ["import"]
    assert set(Event.objects.filter(kind="ticket.merged").values_list("ticket_ref", "data__other")) == {
        (kept.pk, merged.number),
        (merged.pk, kept.number),
    }


def test_it_is_undone_and_what_came_since_stays(pair: tuple[Ticket, Ticket], ingrid: Customer, maya: User) -> None:
    kept, merged = pair
    done = merging.merge(kept=kept, merged=merged, by=maya)
    later = receive(ingrid, "Re: Import stops", "Any news?", metadata={"ticket_number": kept.number})
    merging.undo(done, by=maya)
    merged.refresh_from_db()
    assert (merged.status, merged.merged_into, merged.messages.count()) == ("new", None, 1)
    assert set(kept.messages.values_list("body_text", flat=True)) == {WORDS, later.body_text}
    with pytest.raises(Conflict):
        merging.undo(done, by=maya)
    TicketMerge.objects.update(undone_at=None, at=ago(days=31))
    with pytest.raises(Conflict):
        merging.undo(done, by=maya)


def test_answers_to_the_merged_one_arrive_in_the_kept_one(pair: tuple[Ticket, Ticket], ingrid: Customer, maya: User) -> None:
    kept, merged = pair
    asked = replying.reply(ticket=merged, by=maya, text="Which file?")
    merging.merge(kept=kept, merged=merged, by=maya)
    answer = receive(ingrid, "Re: Import stops again", "This one.", in_reply_to=asked.external_id)
    assert answer.ticket == kept
    link = tracking.link_for(merged, ingrid.email)
    opened = tracking.opened_by(link.rstrip("/").rsplit("/", 1)[-1])
    assert opened is not None
    assert opened[0] == kept
    assert list(requests.requests_of(ingrid.email)) == [kept]
    with pytest.raises(Conflict):
        replying.reply(ticket=merged, by=maya, text="Hello?")


def test_a_search_finds_the_words_in_the_kept_one(pair: tuple[Ticket, Ticket], maya: User, drain: Any) -> None:
    kept, merged = pair
    drain()
    assert merged in searching.search("Please help", viewer=maya)
    merging.merge(kept=kept, merged=merged, by=maya)
    drain()
    assert list(searching.search("Please help", viewer=maya)) == [kept]
    assert not SolvedCase.objects.filter(source_id=merged.number).exists()  # nothing was solved by closing it


def test_what_cannot_be_one_is_refused(pair: tuple[Ticket, Ticket], dwayne: Customer, maya: User) -> None:
    kept, merged = pair
    with pytest.raises(Invalid):
        merging.merge(kept=kept, merged=kept, by=maya)
    stranger = receive(dwayne, "Import stops", WORDS).ticket
    with pytest.raises(Conflict):  # one customer would read what the other wrote
        merging.merge(kept=kept, merged=stranger, by=maya)
    kept.resolve(by=maya)
    with pytest.raises(Conflict):
        merging.merge(kept=kept, merged=merged, by=maya)
    kept.reopen(by=maya)
    merging.merge(kept=kept, merged=merged, by=maya)
    with pytest.raises(Conflict):
        merging.merge(kept=kept, merged=merged, by=maya)


def test_an_agent_looks_merges_and_takes_it_back_on_the_pages(pair: tuple[Ticket, Ticket], as_maya: Client) -> None:
    kept, merged = pair
    page = f"/tickets/{merged.number}/merge/"
    assert kept.number in as_maya.get(page).content.decode()
    assert "its 1 message moves" in as_maya.get(f"{page}?with={kept.number}").content.decode()
    assert as_maya.get(f"{page}?with=TKT-20200101-0001").status_code == 422
    assert as_maya.post(page, {"with": kept.number})["Location"] == kept.get_absolute_url()
    shown = as_maya.get(merged.get_absolute_url(), follow=True).content.decode()
    assert "This ticket is part of" in shown
    done = TicketMerge.objects.get()
    assert f"/tickets/merges/{done.pk}/undo/" in shown
    assert f"merged {merged.number} into this ticket" in as_maya.get(kept.get_absolute_url(), follow=True).content.decode()
    as_maya.post(f"/tickets/merges/{done.pk}/undo/")
    merged.refresh_from_db()
    assert merged.merged_into is None


def test_the_pages_cost_the_same_however_much_there_is_to_merge(pair: tuple[Ticket, Ticket], ingrid: Customer, as_maya: Client) -> None:
    kept, merged = pair
    page = f"/tickets/{merged.number}/merge/"

    def costs() -> list[int]:
        asked = []
        for path in (page, f"{page}?with={kept.number}"):
            with CaptureQueriesContext(connection) as queries:
                assert as_maya.get(path).status_code == 200
            asked.append(len(queries))
        return asked

    as_maya.get(page)
    few = costs()
    for n in range(6):
        receive(ingrid, f"Another {n}", WORDS)
        receive(ingrid, "Re: Import stops again", f"And {n}", metadata={"ticket_number": merged.number})
        merged.participants.create(address=f"colleague{n}@nordhavn.example", role="cc")
        merged.tags.create(name=f"label-{n}")
    assert costs() == few


def test_a_merged_ticket_asks_once_by_which_merge(pair: tuple[Ticket, Ticket], maya: User, as_maya: Client) -> None:
    kept, merged = pair
    merging.merge(kept=kept, merged=merged, by=maya)
    with CaptureQueriesContext(connection) as queries:
        as_maya.get(f"/inbox/all/{merged.number}/")
    assert sum('FROM "tickets_ticketmerge"' in one["sql"] for one in queries.captured_queries) == 1


def test_nobody_merges_what_they_may_not_see(pair: tuple[Ticket, Ticket], tomasz: User, maya: User) -> None:
    kept, merged = pair
    client = signed_in(tomasz)
    assert client.post(f"/tickets/{merged.number}/merge/", {"with": kept.number}).status_code == 404
    done = merging.merge(kept=kept, merged=merged, by=maya)
    assert client.post(f"/tickets/merges/{done.pk}/undo/").status_code == 404


def test_a_duplicate_is_proposed_until_somebody_says_no(support: Queue, ingrid: Customer, as_maya: Client) -> None:
    first = receive(ingrid, "Import stops", WORDS)
    arrival.understand(first.pk)
    second = receive(ingrid, "Import stops", f"{WORDS} Thanks.")
    run = arrival.understand(second.pk)
    panel = f"/assist/tickets/{second.ticket_id}/"
    shown = as_maya.get(panel).content.decode()
    assert f"Merge into {first.ticket.number}" in shown
    assert "with error IMP-214" in shown
    offered = Suggestion.objects.get(ticket=second.ticket, suggestion_type="similar_ticket")
    refused = as_maya.post(f"/assist/suggestions/{offered.pk}/differs/", headers={"HX-Request": "true"}).content.decode()
    assert "Merge into" not in refused
    assert run is not None
    arrival.understand_again(run)
    assert "Merge into" not in as_maya.get(panel).content.decode()


def test_the_escalated_stand_in_a_queue_of_their_own_with_their_briefing(ticket: Ticket, as_maya: Client, maya: User) -> None:
    assert ticket.number not in as_maya.get("/inbox/escalated/").content.decode()
    Escalation.objects.create(ticket=ticket, level="legal", reasons=["Mentions lawyers"])
    ticket.metadata = {"escalation": {"level": "supervisor", "briefing": ["Why: mentions <lawyers>", "Mood: negative"]}}
    ticket.save()
    page = as_maya.get("/inbox/escalated/").content.decode()
    assert ticket.number in page
    assert "Legal · Why: mentions &lt;lawyers&gt; · Mood: negative" in page
    ticket.resolve(by=maya)
    assert ticket.number not in as_maya.get("/inbox/escalated/").content.decode()
