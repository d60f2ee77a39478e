"""The people and the knowledge that calls are about."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from math import inf
from typing import Any

import pytest
from django.test import Client

from assist.calls import backlog, facts, retrieve, switchboard, wording
from assist.calls.switchboard import Opening
from assist.models import CallSession
from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import User
from knowledge import indexing
from knowledge import wording as knowledge_wording
from knowledge.models import Article
from tickets.models import Queue

LOGIN = (
    "error-401-mobile-app",
    "Error 401 when logging in to the mobile app",
    "Error 401 means that the saved sign-in is out of date.\n\n"
    "1. Update the mobile app to 2.6.\n2. Sign out and in again.\n3. Reset the password.",
)
CHARGED = (
    "charged-twice",
    "Charged twice for one invoice",
    "When a payment is retried while you pay by hand, the card may be charged twice. We refund the second payment in full.",
)
LABELS = (
    "blank-labels",
    "Labels come out blank",
    "A thermal printer prints blank labels when the roll is inserted upside down. Turn it over.",
)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(wording, "_known", (inf, False))  # no model, and none is asked for; tests with one forget this
    facts.forget_catalogue()
    retrieve.forget_incidents()
    knowledge_wording.forget_synonyms()
    yield
    facts.forget_catalogue()
    retrieve.forget_incidents()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Do what the worker does about calls that wait: at once, for nobody else is thinking about them."""
    monkeypatch.setattr(backlog, "GRACE", timedelta(0))
    monkeypatch.setattr(backlog, "AT_A_STRETCH", 600.0)
    return backlog.work_off


@pytest.fixture
def articles(db: None) -> dict[str, Article]:
    """Three published articles, searchable by meaning and by words."""
    made = {}
    for slug, title, body in (LOGIN, CHARGED, LABELS):
        made[slug] = Article.objects.create(slug=slug, title=title, body=body, status="published", audience="public")
    get_embedder()
    indexing.catch_up()
    return made


@pytest.fixture
def call(support: Queue, maya: User) -> CallSession:
    """Maya is on the phone with somebody."""
    opening = Opening(call_id="acd-1", agent_id=str(maya.pk), customer_phone="+31852550117", customer_name="Rosalind Achterberg")
    return switchboard.start(opening)[0]


@pytest.fixture
def post(api: Client) -> Callable[..., Any]:
    """POST as a telephony system does."""

    def send(path: str, body: Any, **headers: str) -> Any:
        return api.post(f"/api/realtime/{path}", json.dumps(body), content_type="application/json", headers=headers)

    return send
