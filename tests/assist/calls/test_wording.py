"""A model's words follow on the card that the local engine has put up: grounded, paced, and never waited for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assist.calls import switchboard, wording
from assist.calls.switchboard import Spoken
from assist.models import AgentAction, CallDesk, CallSession, CallUpdate, Suggestion
from helpdesk.core.models import ModelCall
from knowledge.models import Article
from tests.plugins.model_server import ModelServer, status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache", "articles")]
SAID = "I am getting error 401 when trying to log in to the mobile app version 2.5"
WORDS = "Your saved sign-in is out of date. Please update the mobile app to 2.6, then sign out and in again."


def answer(*texts: str, can_answer: bool = True) -> str:
    return json.dumps({"can_answer": can_answer, "sentences": [{"kind": "answer", "text": text, "sources": [1]} for text in texts]})


def say(call: CallSession, text: str = SAID, at: float = 1) -> Suggestion:
    switchboard.hear(call, Spoken(speaker="customer", text=text, start_time=at))
    return best(call)


def best(call: CallSession) -> Suggestion:
    return Suggestion.objects.filter(session=call, retired_at=None).order_by("-raw_score")[0]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """What would be asked of the worker: (session, in how many seconds)."""
    found: list[tuple[str, float]] = []
    monkeypatch.setattr(wording, "send_quietly", lambda _task, session, countdown=0: found.append((session, countdown)))
    return found


def test_the_models_words_take_the_excerpts_place_in_the_same_card(call: CallSession, model: ModelServer) -> None:
    model.says(answer(*WORDS.split(". ")))
    local = say(call)
    assert wording.word(call.session_id)
    card = best(call)
    assert (card.pk, card.position, card.title) == (local.pk, local.position, local.title)
    assert "update the mobile app to 2.6" in card.content and card.content != local.content
    told = CallUpdate.objects.filter(session=call).order_by("-n")[0].payload
    assert told["type"] == "suggestions" and told["suggestions"][0]["content"] == card.content
    assert (told["suggestions"][0]["engine"], told["segment_id"]) == ("model", None)
    assert AgentAction.objects.get(engine="model").agent_name == "answer_wording"
    assert ModelCall.objects.get().task == "call"

    assert not wording.word(call.session_id)  # nothing new was said
    assert say(call, "It says error 401 again, I cannot log in to the mobile app", at=9).content == card.content  # it does not flicker


def test_what_the_article_does_not_say_is_not_said(call: CallSession, model: ModelServer) -> None:
    model.says(answer("Update the mobile app to 2.6.", "We refund 500 EUR for it.", "See https://evil.example for the mobile app."))
    say(call)
    assert wording.word(call.session_id)
    assert best(call).content == "Update the mobile app to 2.6."


@pytest.mark.parametrize("said", ["{", answer("Nothing of that kind.", can_answer=False), answer("Reboot everything on Tuesday the 31st.")])
def test_without_words_that_stand_the_excerpt_does(call: CallSession, model: ModelServer, said: str) -> None:
    model.says(said)
    local = say(call)
    assert not wording.word(call.session_id)
    assert best(call).content == local.content


def test_a_provider_that_refuses_takes_nothing_away(call: CallSession, model: ModelServer) -> None:
    model.does(status(401))
    local = say(call)
    assert not wording.word(call.session_id)
    assert best(call).content == local.content


def test_a_call_is_asked_about_once_in_its_pace_and_no_sentence_waits(
    call: CallSession,
    model: ModelServer,
    asked: list[tuple[str, float]],
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wording, "PACE", 600)  # however busy the machine is
    monkeypatch.setattr(wording, "LOST", 600)
    model.says(answer(*WORDS.split(". ")))
    wording.forget_provider()
    number = str(call.session_id)
    with django_capture_on_commit_callbacks(execute=True):
        say(call)
        say(call, "The mobile app says error 401 whenever I log in", at=9)
    assert asked == [(number, 0)] and not ModelCall.objects.exists()  # one task for both sentences
    wording.word_the_best(number)
    assert ModelCall.objects.count() == 1
    wording.word_the_best(number)  # asked a moment ago: its turn comes
    assert asked[1:] == [(number, wording.PACE)] and ModelCall.objects.count() == 1


def test_without_a_model_nothing_is_asked(
    call: CallSession, asked: list[tuple[str, float]], django_capture_on_commit_callbacks: Any
) -> None:
    wording.forget_provider()
    with django_capture_on_commit_callbacks(execute=True):
        say(call)
    assert asked == []


def test_nothing_is_given_away_without_consent_after_the_end_or_of_a_withdrawn_article(call: CallSession, model: ModelServer) -> None:
    model.says(answer(*WORDS.split(". ")))
    say(call)
    CallDesk.objects.update_or_create(session=call, defaults={"consent": CallDesk.Consent.REFUSED})
    assert not wording.word(call.session_id)
    CallDesk.objects.update(consent=CallDesk.Consent.NOT_ASKED)
    Article.objects.update(assist_may_use=False)
    assert not wording.word(call.session_id)
    Article.objects.update(assist_may_use=True)
    CallSession.objects.update(status="completed")
    assert not wording.word(call.session_id)
    assert model.asked == []
