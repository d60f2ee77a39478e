"""The team's best macro frames a draft: filled, without holes, without claims of deeds nobody did; the article's steps in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from assist.models import Draft
from assist.triage import framing
from customers import memory
from customers.memory import Source
from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import User
from knowledge import publishing
from knowledge.models import Article
from tests.cast import make_category, receive
from tickets import macros
from tickets.models import Macro, Queue, Ticket

pytestmark = pytest.mark.django_db


def framed(text: str, ticket: Ticket) -> framing.Frame | None:
    return framing.framed(Macro(title="x", text=text), ticket)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hello {{customer.first_name}},\n\nYour ticket is {{ticket.number}}.\n\n{{agent.first_name}}", "Your ticket is {number}."),
        (
            "You will hear from me by {{time}} at the latest, also if I have nothing new.",
            "You will hear from me, also if I have nothing new.",
        ),
        ("We keep the number on file for {{organisation.name}}.", "We keep the number on file for Nordhavn Logistics A/S."),
        (
            "Please send us the log. Use {{link}} for it. It takes a minute. Thank you for bearing with us.",
            "Please send us the log. Thank you for bearing with us.",
        ),
        (
            "Please send us the whole log of your connector for today. Use {{link}}. Then we look.",
            "Please send us the whole log of your connector for today.",
        ),
        (
            "We take what you write seriously and read every word of it, and I have passed it on.",
            "We take what you write seriously and read every word of it.",
        ),
        ("I have refunded {{amount}} in the way you paid. It takes 5 days.", None),
        ("Your contract pins your data, so write to us. Our page /help/x/ says how.", None),
        ("Our page /help/x/ says how.", "Our page {site}/help/x/ says how."),
        ("We have received your request on {{ticket.subject}}.", "We have received your request on EU sync API returning 503."),
        ("{{nobody.knows}}", None),
    ],
)
def test_what_is_open_goes_with_its_clause(text: str, left: str | None, ticket: Ticket) -> None:
    found = framed(text, ticket)
    said = " ".join((*found.opening, *found.closing)) if found else None
    assert said == (left.format(number=ticket.number, site=settings.SITE_URL) if left else None)


def test_a_list_is_the_frames_steps_between_its_opening_and_its_closing(ticket: Ticket) -> None:
    found = framed(
        "Hello,\n\nAndroid stops it.\n\n1. Open Settings.\n2. Choose {{x}}.\n- Press Save.\n\nIt moves again.\n\nKind regards", ticket
    )
    assert found is not None
    assert (found.opening, found.steps, found.closing) == (("Android stops it.",), ("Open Settings.", "Press Save."), ("It moves again.",))


MACRO = (
    "Hello {{customer.first_name}},\n\nThe driver app stops when the phone saves battery and its screen is dark.\n\n"
    "Its position moves again on the map within a minute.\n\n{{agent.first_name}}"
)
ARTICLE = (
    "The driver app stops sending its position when the phone saves battery.\n\n## Steps\n\n"
    "1. Open Settings on the phone.\n2. Choose App battery usage.\n3. Choose Unrestricted."
)
WORDS = "The driver app stops on the phones when the screen goes dark, the dot on the map stands still. Which battery setting is it?"


@pytest.fixture
def macro(support: Queue) -> Macro:
    made = macros.save(Macro(title="Driver app: battery", text=MACRO, queue=support, category=make_category("technical")), by=None)
    macros.make_findable(made.pk)
    return made


@pytest.fixture
def article(maya: User) -> Article:
    made = Article.objects.create(
        slug="battery",
        title="Keep the driver app running when the screen is dark",
        body=ARTICLE,
        audience="public",
        language="en",
        owner=maya,
    )
    publishing.publish(made, by=maya)
    return made


def drafted(ingrid: Any, drain: Callable[[], int]) -> Draft:
    message = receive(ingrid, "Driver app stops when the screen goes dark", WORDS)
    drain()
    return Draft.objects.get(answers=message)


def test_the_macro_frames_and_the_article_tells_the_steps(macro: Macro, article: Article, ingrid: Any, drain: Callable[[], int]) -> None:
    drain()  # the article's passages
    draft = drafted(ingrid, drain)
    kinds = {source["kind"]: source["n"] for source in draft.sources}
    assert kinds == {"macro": 1, "article": 2}
    assert draft.text.startswith("Hello Ingrid,\n\n")
    assert "The driver app stops when the phone saves battery and its screen is dark. [1]" in draft.text
    assert "1. Open Settings on the phone. [2]" in draft.text
    assert draft.text.endswith("Its position moves again on the map within a minute. [1]")
    assert "{{" not in draft.text and "[name]" not in draft.text


def test_a_macro_about_something_else_does_not_frame_an_article(
    article: Article, ingrid: Any, support: Queue, drain: Callable[[], int]
) -> None:
    text = "Before the driver app on your phones stops, tell me the invoice of last month. A colleague checks the payments."
    other = macros.save(Macro(title="Driver app stops when the screen goes dark", text=text, queue=support), by=None)
    macros.make_findable(other.pk)
    drain()
    assert {source["kind"] for source in drafted(ingrid, drain).sources} == {"article"}


def test_where_no_article_answers_the_macro_does(macro: Macro, ingrid: Any, drain: Callable[[], int]) -> None:
    draft = drafted(ingrid, drain)
    assert [source["kind"] for source in draft.sources] == ["macro"]
    assert draft.confidence >= 0.4


def test_a_macro_of_another_team_or_person_frames_nothing(macro: Macro, billing: Queue, maya: User, ticket: Ticket) -> None:
    vector = get_embedder().embed([WORDS])[0]

    def found() -> tuple[framing.Frame, ...]:
        return framing.fitting(ticket, vector=vector, category="technical", language="en")

    assert [one.title for one in found()] == [macro.title]
    Macro.objects.update(queue=billing)
    assert found() == ()
    Macro.objects.update(queue=None, owner=maya)
    assert found() == ()
    Macro.objects.update(owner=None, language="de")
    assert found() == ()


def test_a_fact_the_question_names_is_told_back_with_leave_only(macro: Macro, ingrid: Any, drain: Callable[[], int]) -> None:
    memory.grant(ingrid)
    memory.learn(ingrid, "phones", "Pixel 8", source=Source("customer"), confidence=1)
    memory.learn(ingrid, "mood on the phones", "Touchy", source=Source("agent"), confidence=1)
    draft = drafted(ingrid, drain)
    assert "On record I have for you: phones: Pixel 8. [2] If that has changed, just tell me." in draft.text
    assert "Touchy" not in draft.text

    memory.revoke(ingrid)
    assert "Pixel" not in drafted(ingrid, drain).text
