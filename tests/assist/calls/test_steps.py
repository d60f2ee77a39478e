"""The four assist agents, one by one: what the contract's examples must come out as, and what must not happen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assist.calls import analyse, clarify, facts, offering, queries, retrieve, screen, spoken, summary, switchboard, window
from assist.calls.queries import Queries
from assist.calls.retrieve import Finding, Retrieved
from assist.calls.switchboard import Spoken
from assist.models import CallSession, Product, Suggestion
from customers.models import Customer
from helpdesk.core.models import User
from knowledge import indexing
from knowledge.fusion import POSSIBLE
from knowledge.models import Article, Incident
from tests.cast import receive
from tickets import replying

pytestmark = pytest.mark.django_db
SAID = "I am getting error 401 when trying to log in to the mobile app version 2.5"


def talk(*turns: str) -> window.Window:
    """ "c: words" or "a: words", a second apart."""
    sides = {"c": "customer", "a": "agent"}
    return window.of((n, sides[turn[0]], turn[3:], float(n)) for n, turn in enumerate(turns, 1))


def asked(*turns: str, found: Retrieved = retrieve.NONE) -> dict[str, str]:
    said = talk(*turns)
    return {one.purpose: one.text for one in clarify.ask(said, analyse.analyse(said), found).questions}


def test_the_context_analyzer_finds_what_the_contract_shows() -> None:
    analysis = analyse.analyse(talk(f"c: {SAID}"))
    assert analysis.shown() == {
        "has_sufficient_context": True,
        "detected_issue": "login_problem",
        "detected_entities": [
            {"type": "error_code", "value": "401"},
            {"type": "product_name", "value": "mobile app"},
            {"type": "version", "value": "2.5"},
        ],
        "needs_clarification": False,
        "confidence": analysis.confidence,
    }
    assert analysis.confidence >= 0.8


def test_queries_are_of_the_contracts_kinds_and_the_best_three() -> None:
    said = talk(f"c: {SAID}")
    found = queries.formulate(said, analyse.analyse(said))
    assert [query.type for query in found.queries] == ["entity_based_error_code", "entity_combination", "semantic"]
    assert "401" in found.queries[0].text and "2.5" in found.queries[1].text
    assert found.semantic is not None and found.semantic.text == SAID


def test_a_vague_complaint_gets_the_contracts_questions() -> None:
    assert asked("c: My app doesn't work") == {
        "clarify_vague_issue": "What specifically isn't working as expected?",
        "get_error_code": "Do you see any error message or error code?",
    }


@pytest.mark.parametrize("hello", ["Hi", "Hello, this is Rosalind from Pelican.", "Yes, that's fine.", "Uh, okay."])
def test_a_greeting_gets_neither_queries_nor_questions(hello: str) -> None:
    said = talk(f"c: {hello}")
    assert queries.formulate(said, analyse.analyse(said)) == Queries()
    assert asked(f"c: {hello}") == {}


@pytest.mark.parametrize(
    ("turns", "purpose"),
    [
        (("c: It crashes, there is no error message",), "get_error_code"),
        (("c: It crashes with error E401",), "get_error_code"),
        (("a: Do you see an error code?", "c: My app doesn't work"), "get_error_code"),
        (("c: The driver app 7.4.1 stops, version 7.4.1",), "get_version"),
        (("c: The app crashes since yesterday",), "get_timing"),
        (("c: It is slow", "a: When did that begin?", "c: I cannot say"), "get_timing"),
        (("c: I was charged twice for order FW-20931",), "get_order_id"),
    ],
)
def test_it_never_asks_what_the_transcript_answers(turns: tuple[str, ...], purpose: str) -> None:
    assert purpose not in asked(*turns)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("I get error four oh one", "I get error 401"),
        ("version two point five", "version 2.5"),
        ("the code PAY nine", "the code PAY-9"),
        ("it is W-H-S-8", "it is WHS-8"),
        ("order number one two three four", "order number 1234"),
        ("one of two people", "one of two people"),
        ("two of us", "two of us"),
    ],
)
def test_spoken_numbers_are_put_together_where_a_number_is_expected(said: str, written: str) -> None:
    assert spoken.written(said) == written


def test_products_come_from_the_catalogue_by_all_their_names() -> None:
    Product.objects.create(name="Route Planner", aliases=["root planner"])
    facts.forget_catalogue()
    assert facts.find(["my root planner is wrong"]) == (("product_name", "Route Planner"),)


def test_amounts_dates_and_orders_are_facts() -> None:
    found = {fact.type: fact.value for fact in facts.find(["You took EUR 143.99 yesterday for order FW-20931 on my iPhone"])}
    assert found == {"amount": "EUR 143.99", "date": "yesterday", "order_id": "FW-20931", "platform": "iPhone"}


def test_an_article_that_names_the_very_code_is_lifted_and_says_so(articles: Any) -> None:
    said = talk(f"c: {SAID}")
    analysis = analyse.analyse(said)
    found = retrieve.retrieve(queries.formulate(said, analysis), analysis, retrieve.Scope(viewer=None))
    assert found.findings[0].title == "Error 401 when logging in to the mobile app"
    assert "401" in found.findings[0].why


def test_an_article_that_only_names_the_code_is_offered_too_without_a_second_search(
    articles: Any, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    Article.objects.create(slug="scanner", title="Cleaning the scanner", body="Wipe it. Light 401 goes out.", status="published")
    indexing.catch_up()
    monkeypatch.setattr(retrieve, "LOOKED_AT", 1)
    said = talk(f"c: {SAID}")
    analysis = analyse.analyse(said)
    asked = queries.formulate(said, analysis)
    retrieve.retrieve(asked, analysis, retrieve.Scope(viewer=None))  # what is asked once a minute is asked now
    with django_assert_max_num_queries(5):
        found = retrieve.retrieve(asked, analysis, retrieve.Scope(viewer=None))
    assert [one.title for one in found.findings] == ["Error 401 when logging in to the mobile app", "Cleaning the scanner"]
    assert "401" in found.findings[1].why and found.findings[1].raw >= POSSIBLE


def test_solved_tickets_history_and_incidents_are_offered(
    call: CallSession, maya: User, ingrid: Customer, articles: Any, drain: Any
) -> None:
    CallSession.objects.filter(pk=call.pk).update(customer=ingrid)
    old = receive(ingrid, "Stock counts overwritten", "Two devices overwrite each other's stock counts in the warehouse").ticket
    replying.reply(ticket=old, by=maya, text="Update both handhelds to 7.3, then counts are kept apart.")
    old.resolve(by=maya)
    Incident.objects.create(
        reference="INC-7", title="Stock counts are overwritten in the warehouse", description="Counts of devices collide"
    )
    drain()
    session = CallSession.objects.select_related("agent").get(pk=call.pk)
    said = "Our stock counts are overwritten, two devices overwrite each other in the warehouse since this morning"
    switchboard.hear(session, Spoken(speaker="customer", text=said, start_time=1))
    cards = {row.source_kind: row for row in Suggestion.objects.filter(session=call)}
    assert cards["ticket"].source_id == old.number and "before" in cards["ticket"].why
    assert cards["incident"].source_id == "INC-7"


def test_a_card_keeps_its_id_and_place_while_the_call_goes_on(call: CallSession, articles: Any) -> None:
    switchboard.hear(call, Spoken(speaker="customer", text=SAID, start_time=1))
    before = {row.source_id: (row.pk, row.position) for row in Suggestion.objects.filter(session=call, retired_at=None)}
    switchboard.hear(call, Spoken(speaker="customer", text="And I think you charged me twice for one invoice", start_time=9))
    after = {row.source_id: (row.pk, row.position) for row in Suggestion.objects.filter(session=call, retired_at=None)}
    assert before.items() <= after.items()
    assert len(after) == len(set(after.values())) and len({place for _, place in after.values()}) == len(after)


def test_the_summary_says_what_was_wrong_tried_and_promised() -> None:
    said = talk(
        "a: Fernway support, Maya here.",
        "c: Hello. The driver app loses the GPS position when the screen is off.",
        "c: I restarted the phone already.",
        "a: Open the battery settings and choose unrestricted.",
        "a: I'll send you the steps by mail today.",
        "a: Could you reply to that mail when it works?",
        "c: Okay, thank you. Bye.",
    )
    made = summary.sum_up(said, analyse.analyse(said))
    assert "GPS position" in made.text and "restarted the phone" in made.text and "I'll send you the steps" in made.text
    assert made.action_items == ("Send the customer the steps by mail today", "Customer: reply to that mail when it works")


@pytest.mark.parametrize(
    ("call", "subject"),
    [
        ("charged-twice-in-november", "You have charged us twice"),  # not "I'll be brief, I've got a meeting at half past"
        ("gps-stops-with-screen-off", "My drivers, they vanish from the map"),  # not who is calling; "So, eh," is no news
    ],
)
def test_the_subject_is_the_matter_not_the_first_words(call: str, subject: str) -> None:
    spoken_in = json.loads(Path(f"helpdesk/demo/calls/{call}.json").read_text())["segments"]
    said = talk(*(f"{one['speaker'][0]}: {one['text']}" for one in spoken_in if one["speaker"] != "system"))
    assert summary.sum_up(said, analyse.analyse(said)).subject == subject


def test_late_words_refresh_summary_ticket_and_note(call: CallSession, articles: Any) -> None:
    switchboard.hear(call, Spoken(speaker="customer", text=SAID, start_time=1))
    ended = switchboard.end(call)
    switchboard.hear(call, Spoken(speaker="agent", text="I'll call you back tomorrow morning.", start_time=8), late=True)
    call.refresh_from_db()
    assert call.action_items == ["Call the customer back tomorrow morning"]
    assert ended.ticket is not None
    note = ended.ticket.messages.get(visibility="internal")
    assert "Call the customer back" in note.body_text


def test_a_summary_that_a_person_edited_stays(call: CallSession, articles: Any) -> None:
    switchboard.end(call)
    CallSession.objects.filter(pk=call.pk).update(summary="Mine", edited_by_people=["summary"])
    switchboard.hear(call, Spoken(speaker="customer", text=SAID, start_time=1), late=True)
    call.refresh_from_db()
    assert call.summary == "Mine"


def test_a_failing_step_is_noted_and_the_rest_goes_on(call: CallSession, monkeypatch: pytest.MonkeyPatch) -> None:
    from assist.models import AgentAction

    def broken(*_: Any) -> Any:
        raise RuntimeError("no index")

    monkeypatch.setattr(retrieve, "retrieve", broken)
    heard = switchboard.hear(call, Spoken(speaker="customer", text="My app doesn't work", start_time=1))
    assert (heard.status, heard.questions_count) == ("processed", 2)
    assert "no index" in AgentAction.objects.get(agent_name="retrieval").error


def test_small_talk_takes_no_card_away_and_another_matter_does(call: CallSession) -> None:
    found = Finding("article", "article", "a", "Lost phone", "", "", "", raw=0.5, confidence=0.7)
    other = replace(found, source_id="b", title="Refunds")
    card = Suggestion(session=call, source_kind="article", source_id="a", raw_score=0.5, position=1)
    shelf = offering.Shelf(call, [card], [])
    for _round in range(9):
        offering.offer(shelf, [])
    assert card.retired_at is None and card.raw_score == 0.5
    for _round in range(4):
        offering.offer(shelf, [other])
    assert card.retired_at is not None and [one.title for one in shelf.cards_on_offer] == ["Refunds"]


def test_of_cards_that_come_together_the_surest_is_on_top(call: CallSession) -> None:
    found = Finding("article", "article", "a", "Lost phone", "", "", "", raw=0.7, confidence=0.9)
    offering.offer(shelf := offering.Shelf(call, [], []), [found, replace(found, source_id="b", title="Password", confidence=0.62)])
    offering.save([shelf])
    offered = list(Suggestion.objects.filter(session=call).order_by("-created_at", "-confidence_score"))
    assert getattr(screen.chosen(offered), "title", "") == "Lost phone"
