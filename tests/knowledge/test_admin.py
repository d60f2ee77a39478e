"""Articles in the back office: many at once, and never past the versions and the index."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from helpdesk.core.models import Event, User
from knowledge.models import Article, ArticleVote, ImportRun
from tests.cast import make_category, signed_in
from tests.knowledge.conftest import make_article

LIST = "/admin/knowledge/article/"


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


@pytest.fixture
def article(db: None) -> Article:
    return make_article("gps", "Keep GPS running", "Text", status="draft", index=False)


def test_properties_change_through_the_story_and_are_told(article: Article, as_priya: Client, priya: User) -> None:
    page = as_priya.get(f"{LIST}{article.pk}/change/").content.decode()
    assert f"/knowledge/{article.pk}/edit/" in page and 'name="body"' not in page and 'name="status"' not in page
    fields = {
        "category": make_category("billing").pk,
        "keywords": "a,b",
        "language": "de",
        "audience": "internal",
        "owner": priya.pk,
        "review_due": "",
    }
    assert as_priya.post(f"{LIST}{article.pk}/change/", fields).status_code == 302
    article.refresh_from_db()
    assert (article.language, article.audience, article.keywords, article.owner) == ("de", "internal", ["a", "b"], priya)
    assert Event.objects.filter(kind="article.changed", subject_id=str(article.pk)).count() == 1


def test_many_are_published_and_one_that_cannot_be_says_why(article: Article, as_priya: Client) -> None:
    bad = make_article("bad", "Bad links", "[x](/help/nowhere/)", status="draft", index=False)
    page = as_priya.post(LIST, {"action": "publish", "_selected_action": [article.pk, bad.pk]}, follow=True).content.decode()
    assert "Bad links: Look at these" in page and "1 article done" in page
    assert dict(Article.objects.values_list("slug", "status")) == {"gps": "published", "bad": "draft"}
    as_priya.post(LIST, {"action": "review_in_90_days", "_selected_action": [article.pk]})
    as_priya.post(LIST, {"action": "archive", "_selected_action": [article.pk]})
    article.refresh_from_db()
    assert article.status == "archived" and article.review_due and (article.review_due - timezone.localdate()).days == 90


def test_votes_and_imports_are_only_looked_at(article: Article, as_priya: Client) -> None:
    vote = ArticleVote.objects.create(article=article, visitor="secret-hash", helpful=False, reason="Too short")
    run = ImportRun.objects.create(name="faq.csv")
    assert "Too short" in as_priya.get("/admin/knowledge/articlevote/").content.decode()
    page = as_priya.get(f"/admin/knowledge/articlevote/{vote.pk}/change/").content.decode()
    assert "secret-hash" not in page and 'name="reason"' not in page
    assert as_priya.get(f"/admin/knowledge/importrun/{run.pk}/change/").status_code == 200
    assert as_priya.get("/admin/knowledge/article/add/").status_code == 403
