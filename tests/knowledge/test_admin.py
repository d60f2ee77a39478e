"""Articles in the back office: many at once, and never past the versions and the index."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from helpdesk.core.models import Event, User
from knowledge.models import Article, ArticleVote, ImportRun, SynonymGroup
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


def test_synonyms_are_edited_and_brought_in_with_a_report(as_priya: Client, maya: User) -> None:
    list_page = "/admin/knowledge/synonymgroup/"
    assert as_priya.post(f"{list_page}add/", {"terms": "2FA, Two-factor  authentication", "note": ""}).status_code == 302
    assert SynonymGroup.objects.get().terms == ["2fa", "two-factor authentication"]
    assert "import/" in as_priya.get(list_page).content.decode()
    lines = "2fa, two-factor authentication\nchit => invoice, bill # accounting\nlonely\na, b => c\n<b>x</b>, y"
    page = as_priya.post(f"{list_page}import/", {"lines": lines}).content.decode()
    assert "2 added, 1 were there already" in page and "line 3: Give at least two" in page and "line 4: One term" in page
    assert SynonymGroup.objects.get(one_way=True).terms == ["chit", "invoice", "bill"]
    file = SimpleUploadedFile("synonyms.txt", "Änderung, Wechsel".encode("utf-16"))
    assert "1 added" in as_priya.post(f"{list_page}import/", {"file": file}).content.decode()
    assert "Choose a file" in as_priya.post(f"{list_page}import/").content.decode()
    assert signed_in(maya).post(f"{list_page}import/", {"lines": "q, r"}).status_code in (302, 403, 404)
    assert not SynonymGroup.objects.filter(terms__contains=["q"]).exists()
