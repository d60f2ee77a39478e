"""The people who chat, and what the assistant may tell them from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assist.chat import conversation, sessions
from assist.chat.conversation import Answer
from assist.models import ChatSession
from customers import identity
from customers.models import Customer
from helpdesk.demo.source import articles as written
from knowledge import candidates, indexing
from knowledge.models import Article
from tests.cast import make_category
from tickets.models import Queue


@pytest.fixture(autouse=True)
def _count_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own knowledge base, so the minute-old size of another's is forgotten."""
    monkeypatch.setattr(candidates, "_measured", candidates._Size(0.0, 0, ()))


# Few, for every test embeds them anew; two of them are internal.
SLUGS = frozenset(
    "reset-your-password which-browsers-and-phones keep-gps-running-screen-off cancel-subscription is-there-a-dark-mode "
    "what-does-e401-mean refund-policy-internal handle-complaints".split()
)


@pytest.fixture
def library(support: Queue) -> dict[str, Article]:
    """Some of the demonstration company's articles, public and internal."""
    made = [
        Article.objects.create(
            slug=one.slug,
            title=one.title,
            body=one.body,
            keywords=one.keywords,
            audience=one.audience,
            language=one.language,
            status=Article.Status.PUBLISHED,
            category=make_category(one.category) if one.category else None,
        )
        for one in written()
        if one.slug in SLUGS
    ]
    indexing.catch_up()
    return {article.slug: article for article in made}


@pytest.fixture
def alice(support: Queue) -> Customer:
    """Signed in on the website, which vouches for her."""
    return identity.resolve(external_id="user_001", email="alice@shop.example", name="Alice Moreau")


@pytest.fixture
def chat(alice: Customer) -> ChatSession:
    return sessions.enter(alice, "session_123", identity=ChatSession.Identity.VERIFIED)


@pytest.fixture
def stranger(support: Queue) -> ChatSession:
    """Somebody in a browser who has said nothing of themselves."""
    return sessions.enter(identity.resolve(external_id="visitor-1"), "session_s")


@pytest.fixture
def tell(library: Any) -> Callable[..., Answer]:
    """Say something in a chat, with the library at hand."""
    return conversation.say
