"""The assistant's own phrases: complete in each of the widget's languages, and said in the visitor's."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from assist.chat import conversation, handing_over, memory, sessions, visitors
from assist.chat.intents import read
from assist.chat.patterns import data, pattern
from assist.chat.words import own, say, spoken
from assist.models import ChatSession, WidgetSite
from assist.widget import thread
from assist.widget.words import languages
from customers.models import Customer
from tickets.models import Queue


def holes(text: str) -> set[str]:
    return {name for _text, name, _format, _conversion in Formatter().parse(text) if name}


def test_the_assistant_speaks_every_language_of_the_widget() -> None:
    assert {"en", *data("words")} == set(languages())
    assert len(languages()) == 6


@pytest.mark.parametrize("language", sorted(set(languages()) - {"en"}))
def test_each_phrase_is_there_with_the_same_holes(language: str) -> None:
    theirs = data("words")[language]
    assert theirs.keys() == own().keys()
    assert {name: holes(text) for name, text in theirs.items()} == {name: holes(text) for name, text in own().items()}


def test_a_phrase_is_said_in_the_language_that_is_spoken() -> None:
    with spoken("de-AT"):
        assert say("your_name", name="{x} Ana") == "Sie heißen {x} Ana."
    with spoken("ja"):
        assert say("your_name", name="Ana") == "Your name is Ana."


@pytest.mark.parametrize(
    ("said", "act"),
    [
        ("Ich möchte mit einem Menschen sprechen", "human"),
        ("Je voudrais parler à une personne", "human"),
        ("Quiero hablar con una persona", "human"),
        ("Quero falar com uma pessoa", "human"),
        ("أريد التحدث مع شخص", "human"),
        ("Bom dia!", "greeting"),
        ("مرحبا", "greeting"),
        ("Muito obrigada", "feedback"),
        ("Ticket eröffnen", "create_ticket"),
    ],
)
def test_plain_wishes_are_understood_in_each_language(said: str, act: str) -> None:
    assert read(said).act == act


@pytest.mark.parametrize("language", sorted(data("words")))
def test_the_button_says_what_the_engine_understands(language: str) -> None:
    with spoken(language):
        assert read(say("wants_person")).act == "human"


@pytest.mark.parametrize(("yes", "no"), [("ja", "nein"), ("oui", "non"), ("sí", "no"), ("sim", "não"), ("نعم", "لا")])
def test_yes_and_no(yes: str, no: str) -> None:
    assert pattern("yes").match(yes)
    assert not pattern("yes").match(no)
    assert pattern("no").match(no)


@pytest.mark.parametrize("said", ["Ich heiße Ana", "Je m’appelle Ana", "Me llamo Ana", "Meu nome é Ana"])
def test_a_name_is_heard_in_each_language(said: str) -> None:
    assert memory.name_told(said) == "Ana"


def test_what_the_visitor_writes_decides(alice: Customer, library: Any) -> None:
    session = sessions.enter(alice, "s1", identity=ChatSession.Identity.VERIFIED)
    assert conversation.say(session, "Guten Tag, mein Name ist Ana Schmidt").text == "Freut mich, Ana Schmidt. Wie kann ich Ihnen helfen?"
    assert session.language == "de"
    assert conversation.say(session, "Wie heiße ich?").text == "Sie heißen Ana Schmidt."
    assert conversation.say(session, "Ich möchte mit einem Menschen sprechen").text.startswith("Natürlich, ich gebe Sie")


def test_until_the_visitor_has_written_the_page_decides(support: Queue) -> None:
    site = WidgetSite.objects.create(name="Shop")
    visitor, _token = visitors.enter(site)
    session = thread.enter(visitor, "s1", language="pt-BR")
    assert conversation.say(session, "ok 123").text.startswith("Posso responder")
    handing_over.hand_over(session, "asked")
    told = session.messages.filter(metadata__nobody_here=True).get()
    assert told.content.startswith("No momento não há ninguém")
