"""Whatever the provider does, a visitor has the local engine's answer, over the API as partners use it (security F14–F18)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from assist.models import ChatMessage, ChatSession
from helpdesk.core.models import Circuit, ModelCall
from tests.plugins.model_server import ModelServer, drips
from tests.plugins.provider_faults import befall

# One of each way in which an answer can fail here; the rest is tried on drafts, by the same client.
TRIED = (
    *("refused", "401", "429 with Retry-After", "529", "slow drip", "half JSON", "wrong enum", "HTML with 200", "empty"),
    *("obeys the customer", "images and links", "promises", "tool call"),
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]


def test_whatever_the_provider_does_the_visitor_has_the_local_answer(
    api: Client, library: Any, model: ModelServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LLM_SECONDS = 0.4
    monkeypatch.setattr("helpdesk.core.llm.asking.FIRST_PAUSE", 0.01)
    for n, fault in enumerate(TRIED):
        Circuit.objects.all().delete()
        befall(model, settings, fault)
        body = {"content": "How do I reset my password?", "session_id": f"chat-{n}", "user_id": "user_001"}
        answer = api.post("/api/chat", json.dumps(body), content_type="application/json")
        assert answer.status_code == 200, fault
        assert "Choose Forgot password on the sign-in page" in answer.json()["message"], fault
        assert "evil" not in answer.content.decode() and "dwayne" not in answer.content.decode(), fault
        line = ChatMessage.objects.filter(session=ChatSession.objects.get(session_id=f"chat-{n}"), role="assistant").latest("n")
        assert line.metadata["engine"] == "local", fault
    assert ModelCall.objects.filter(task="chat").count() == len(TRIED)


def test_a_visitor_waits_for_the_first_word_only_so_long_and_the_service_is_not_blamed(
    api: Client, library: Any, model: ModelServer, settings: Any
) -> None:
    settings.LLM_SECONDS, settings.LLM_FIRST_WORD_SECONDS = 20.0, 0.1
    model.does(drips)
    body = {"content": "How do I reset my password?", "session_id": "chat-1", "user_id": "user_001"}
    assert "Choose Forgot password" in api.post("/api/chat", json.dumps(body), content_type="application/json").json()["message"]
    assert ModelCall.objects.get().error.startswith("slow:")
    assert not Circuit.objects.filter(failures__gt=0).exists()
