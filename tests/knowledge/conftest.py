"""A small knowledge base of Fernway's, indexed for real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.core.embeddings import EmbeddingUnavailable
from knowledge import candidates, indexing
from knowledge.models import Article
from tests.cast import make_category

RESET = """Anyone with an account can do this.

1. Open **Sign in** and choose *Forgot password*.
2. Enter your e-mail address.
3. Follow the link within 30 minutes.

## If no mail comes

Look into the spam folder, or ask an admin for [an invitation](/help/invite/).
"""


@pytest.fixture(autouse=True)
def _count_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own knowledge base, so the minute-old size of another's is forgotten."""
    monkeypatch.setattr(candidates, "_measured", candidates._Size(0.0, 0, ()))


@pytest.fixture
def write(db: None) -> Callable[..., Article]:
    """Write an article and index it."""
    return make_article


@pytest.fixture
def library(db: None) -> dict[str, Article]:
    """Four public articles, one internal, one draft."""
    articles = [
        make_article("reset-password", "Reset your password", RESET, category="account_access"),
        make_article(
            "e503",
            "What does E503 mean?",
            "The Order Sync API answers E503 while the sync service restarts. Try again after a minute.",
            category="integration",
        ),
        make_article(
            "invoice", "Download an invoice", "Open Settings, Billing. Every invoice can be downloaded as a PDF.", category="billing"
        ),
        make_article(
            "driver-gps",
            "The driver app shows the wrong position",
            "Allow location all the time, and switch battery saving off.",
            category="technical",
        ),
        make_article(
            "refund-limits", "How much agents may refund", "Agents refund up to 200 euro. Beyond that ask Priya.", audience="internal"
        ),
        make_article("secret-draft", "Password plans for next year", "We will drop the password altogether.", status="draft"),
    ]
    return {article.slug: article for article in articles}


@pytest.fixture
def no_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedding engine is away."""

    class Away:
        name, dimensions = "away", 384

        def embed(self, texts: Any) -> Any:
            raise EmbeddingUnavailable("away")

    for module in ("knowledge.search", "helpdesk.core.embeddings.store", "knowledge.candidates"):
        monkeypatch.setattr(f"{module}.get_embedder", Away)


def make_article(slug: str, title: str, body: str, *, category: str = "", index: bool = True, **fields: Any) -> Article:
    fields.setdefault("status", Article.Status.PUBLISHED)
    article = Article.objects.create(slug=slug, title=title, body=body, category=make_category(category) if category else None, **fields)
    if index:
        indexing.index_article(article.pk)
    return article
