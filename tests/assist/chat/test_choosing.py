"""Where no article is sure, those that may be meant are offered; the visitor picks one in their own way, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assist.chat import answering, choosing, conversation
from assist.chat.conversation import Answer
from assist.models import ChatMessage, ChatSession
from knowledge.fusion import Band
from knowledge.search import Found, Hit

Tell = Callable[..., Answer]
TITLES = ("Keep GPS running when the screen is off", "Why can a driver not sign in?", "Is there a dark mode?")


def hit(title: str, pk: str, *, score: float = 0.2, fits: float = 0.5) -> Hit:
    return Hit(pk, title, title, "", "", "", score, score, fits, "", [], f"/help/{pk}/")  # type: ignore[arg-type]


def found(*fits: float, score: float = 0.2) -> Found:
    return Found([hit(title, str(n), score=score, fits=one) for n, (title, one) in enumerate(zip(TITLES, fits, strict=False))], score)


def offered(titles: int) -> ChatSession:
    return ChatSession(slots={"offered": [[str(n), title] for n, title in enumerate(TITLES[:titles])]})


@pytest.mark.parametrize(
    ("said", "titles", "place"),
    [
        ("2", 3, "1"),
        ("the first one", 2, "0"),
        ("number 3 please", 3, "2"),
        ("die zweite", 2, "1"),
        ("le premier", 2, "0"),
        ("o segundo", 2, "1"),
        ("الثاني", 2, "1"),
        ("yes please", 1, "0"),
        ("yes please", 2, ""),
        ("the dark mode", 3, "2"),
        ("driver sign in", 3, "1"),
        ("Keep GPS running when the screen is off", 3, "0"),
        ("The invoice has a wrong name on it, one of two", 3, ""),
        ("2", 0, ""),
    ],
)
def test_a_reply_picks_what_it_names(said: str, titles: int, place: str) -> None:
    assert choosing.picked(offered(titles), said) == place


@pytest.mark.parametrize(
    ("said", "none"),
    [("no", True), ("None of these, thanks", True), ("nein", True), ("لا", True), ("no invoice came", False), ("the first", False)],
)
def test_none_of_them_is_heard(said: str, none: bool) -> None:
    assert choosing.none_of_them(offered(2), said) is none
    assert not choosing.none_of_them(offered(0) if none else ChatSession(slots={}), "the first")


def test_the_near_ones_are_offered_and_no_far_ones(support: Any) -> None:
    assert [one.title for one in choosing.offerable(found(0.5, 0.45, 0.2), "?")] == list(TITLES[:2])
    assert choosing.offerable(found(0.3, 0.29), "nothing of that") == []
    assert choosing.offerable(Found(), "nothing") == []


def test_a_keyword_of_one_article_alone_calls_it(library: dict[str, Any]) -> None:
    article = library["reset-your-password"]
    article.keywords = ["sign-on word"]
    article.save()
    far = Found([hit(article.title, str(article.pk), fits=0.2)], 0.1)
    assert [one.title for one in choosing.offerable(far, "what of my sign-on words")] == [article.title]
    other = library["is-there-a-dark-mode"]
    other.keywords = ["sign-on word"]
    other.save()
    assert choosing.offerable(far, "what of my sign-on words") == []


def _unsure(monkeypatch: pytest.MonkeyPatch, hits: list[Any]) -> None:
    unsure = Found([hit(one.title, one.pk) for one in hits], 0.2, Band.NOTHING)
    monkeypatch.setattr(answering, "_look", lambda *_: unsure)


def test_the_driver_whose_position_is_lost_is_helped_in_two_lines(
    chat: ChatSession, library: dict[str, Any], tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    gps, browsers = library["keep-gps-running-screen-off"], library["which-browsers-and-phones"]
    with monkeypatch.context() as unsure:
        _unsure(unsure, [browsers, gps])
        asked = tell(chat, "The driver app loses its position when the screen is off")
    assert gps.title in asked.text
    assert chat.with_assistant
    answer = tell(chat, "the second")
    assert answer.line is not None
    assert [source["title"] for source in answer.line.sources] == [gps.title]
    assert "Android 15 pauses apps" in answer.text
    assert not {"asked", "offered"} & chat.slots.keys()


def test_who_means_none_of_them_is_passed_to_a_person(
    chat: ChatSession, library: dict[str, Any], tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unsure(monkeypatch, list(library.values())[:3])
    assert "1. " in tell(chat, "How do the wheels go round?").text
    assert tell(chat, "none of these").metadata["escalated"]


def test_a_near_rival_is_named_beside_the_answer() -> None:
    sure = Found([hit("One", "1", score=0.6), hit("Other", "2", score=0.5)], 0.6, Band.SHOW)
    assert answering._or_rather(sure) == "If it is rather about “Other”, tell me."
    assert answering._or_rather(Found(sure.hits[:1])) == ""


def test_a_waiting_visitor_is_told_that_the_line_is_safe(chat: ChatSession, tell: Tell) -> None:
    tell(chat, "I want to talk to a human")
    answer = conversation.say(chat, "Hello?")
    assert answer.line is None
    assert answer.text == "Your message is with our team. A person will answer here."
    assert ChatMessage.objects.filter(pk=answer.said.pk).exists()
