"""The pages of those who write: list, editor, versions, files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from helpdesk.core.models import User
from knowledge import editing
from knowledge.models import Article, ArticleRevision, WorkingCopy
from tests.cast import make_agent, make_category, signed_in
from tests.knowledge.conftest import make_article

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def draft(maya: User) -> Article:
    return editing.start(title="Reset your password", by=maya, body="Open the sign-in page.", category=make_category("account_access"))


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def url(article: Article, what: str = "edit") -> str:
    return f"/knowledge/{article.pk}/{what}/"


def fields(article: Article, **changed: Any) -> dict[str, Any]:
    newest = ArticleRevision.objects.newest_of(Article.objects.get(pk=article.pk))
    values = {"title": newest.title, "body": newest.body, "base": newest.stamp, "language": "en", "audience": article.audience}
    category, owner = article.category_id or "", article.owner_id or ""
    return {**values, "slug": article.slug, "category": category, "owner": owner, "keywords": "", "action": "save", **changed}


def titles(client: Client, query: str) -> set[str]:
    return {article.title for article in client.get(f"/knowledge/{query}").context["page"]}


def test_nobody_writes_who_is_not_signed_in(draft: Article) -> None:
    for path in ("/knowledge/", "/knowledge/new/", url(draft), url(draft, "versions")):
        assert Client().get(path).status_code == 302
    assert Client().post(url(draft, "autosave"), {"body": "x"}).status_code == 302
    assert not WorkingCopy.objects.exists()


def test_the_rail_leads_to_knowledge(as_maya: Client) -> None:
    assert 'href="/knowledge/"' in as_maya.get("/profile/").content.decode()


def test_the_list_is_narrowed_by_each_filter(draft: Article, as_maya: Client, maya: User) -> None:
    today = timezone.localdate()
    make_article("late", "Late", "Old", review_due=today - timedelta(days=1), index=False)
    make_article("german", "Deutsch", "Text", language="de", audience="internal", keywords=["anmeldung"], index=False)
    waiting = make_article("waiting", "Waiting", "Text", index=False)
    ArticleRevision.objects.create(article=waiting, number=2, title="W", review_requested_at=timezone.now())
    everything = {"Reset your password", "Late", "Deutsch", "Waiting"}
    assert titles(as_maya, "") == everything
    assert titles(as_maya, "?status=draft") == titles(as_maya, "?owner=me") == titles(as_maya, "?category=account_access") == {draft.title}
    assert titles(as_maya, "?status=waiting") == {"Waiting"}
    assert titles(as_maya, "?language=de") == titles(as_maya, "?audience=internal") == titles(as_maya, "?q=anmeldung") == {"Deutsch"}
    assert titles(as_maya, "?due=late") == titles(as_maya, "?due=soon&status=published") == {"Late"}
    assert titles(as_maya, "?q=passw") == {draft.title}
    assert titles(as_maya, "?status=nonsense&sort=nonsense&page=99&due=x&audience=x") == everything


@pytest.mark.parametrize("query", ["' OR 1=1 --", "a" * 5000, "foo & | !", "<script>alert(1)</script>", "نورة", "\\"])
def test_any_words_may_be_searched_for(as_maya: Client, query: str) -> None:
    page = as_maya.get("/knowledge/", {"q": query})
    assert page.status_code == 200 and b"<script>alert" not in page.content


def test_list_and_editor_take_the_same_few_queries_however_many_articles(
    draft: Article, as_maya: Client, maya: User, django_assert_max_num_queries: Any
) -> None:
    def look() -> None:
        with django_assert_max_num_queries(9):
            as_maya.get("/knowledge/")
        with django_assert_max_num_queries(22):
            as_maya.get(url(draft))

    look()
    for n in range(30):
        other = make_article(f"a-{n}", f"Article {n}", "Text", category=f"c{n}", owner=make_agent(f"P{n} X"), index=False, status="draft")
        Article.objects.filter(pk=other.pk).update(review_due=timezone.localdate())
        editing.save(draft, by=maya, **saved(draft, f"Text {n}"))
        ArticleRevision.objects.filter(article=draft).update(summary="x")
    look()


def saved(article: Article, body: str) -> dict[str, Any]:
    newest = ArticleRevision.objects.newest_of(article)
    return {"text": editing.Text.of(newest.title, body), "base": newest.stamp}


def test_a_new_article_begins_as_a_draft_of_its_author(as_maya: Client, maya: User) -> None:
    answer = as_maya.post("/knowledge/new/", {"title": " Where is my\tinvoice? ", "language": "en", "audience": "public"})
    article = Article.objects.get()
    assert answer["Location"] == url(article)
    assert (article.title, article.slug, article.status, article.owner) == ("Where is my invoice?", "where-is-my-invoice", "draft", maya)
    assert as_maya.post("/knowledge/new/", {"title": " ", "language": "en", "audience": "public"}).status_code == 422


def test_saving_stores_text_and_properties_at_once(draft: Article, as_maya: Client, priya: User) -> None:
    billing = make_category("billing")
    values = fields(
        draft,
        body="New text",
        category=billing.pk,
        owner=priya.pk,
        keywords="sign in, sign in, locked out",
        review_due="2027-02-10",
        language="de",
        summary="Shorter",
    )
    assert as_maya.post(url(draft), values).status_code == 302
    draft.refresh_from_db()
    assert (draft.body, draft.category, draft.owner, draft.keywords, draft.language) == (
        "New text",
        billing,
        priya,
        ["sign in", "locked out"],
        "de",
    )
    assert str(draft.review_due) == "2027-02-10" and draft.revisions.first().summary == "Shorter"  # type: ignore[union-attr]


def test_agents_send_to_review_and_supervisors_publish(draft: Article, as_maya: Client, as_priya: Client) -> None:
    page = as_maya.get(url(draft)).content.decode()
    assert 'value="review"' in page and 'value="publish"' not in page
    as_maya.post(url(draft), fields(draft, action="review"))
    assert as_maya.post(url(draft), fields(draft, action="publish")).status_code == 403
    draft.refresh_from_db()
    assert draft.status == "review"
    assert 'value="publish"' in as_priya.get(url(draft)).content.decode()
    as_priya.post(url(draft), fields(draft, action="publish"))
    draft.refresh_from_db()
    assert draft.status == "published" and Client().get(draft.get_absolute_url()).status_code == 200
    as_maya.post(url(draft, "move"), {"to": "archived"})
    draft.refresh_from_db()
    assert draft.status == "published"
    as_priya.post(url(draft, "move"), {"to": "archived"})
    as_priya.post(url(draft, "move"), {"to": "nonsense"})
    draft.refresh_from_db()
    assert draft.status == "archived"


def test_publishing_asks_only_when_links_do_not_work(draft: Article, as_priya: Client) -> None:
    answer = as_priya.post(url(draft), fields(draft, action="publish", body="See\n\n[there](/help/nowhere/)"))
    assert answer.status_code == 422 and "Line 3" in answer.content.decode() and "/help/nowhere/" in answer.content.decode()
    draft.refresh_from_db()
    assert (draft.status, draft.body) == ("draft", "See\n\n[there](/help/nowhere/)")
    assert as_priya.post(f"{url(draft)}?despite=1", fields(draft, action="publish")).status_code == 302
    draft.refresh_from_db()
    assert draft.status == "published"


def test_a_conflict_shows_both_texts_and_saving_again_keeps_both(draft: Article, as_maya: Client, as_priya: Client) -> None:
    mine = fields(draft, body="Mine: open the sign-in page.")
    as_priya.post(url(draft), fields(draft, body="Theirs: open the page."))
    answer = as_maya.post(url(draft), mine)
    html = answer.content.decode()
    assert answer.status_code == 409 and "Theirs: open the page." in html and "Mine: open the sign-in page." in html
    assert as_maya.post(url(draft), {**mine, "over": answer.context["screen"].theirs.stamp}).status_code == 302
    assert [one.body for one in draft.revisions.all()][:2] == ["Mine: open the sign-in page.", "Theirs: open the page."]


def test_what_is_typed_is_kept_and_offered_again(draft: Article, as_maya: Client, as_priya: Client) -> None:
    base = fields(draft)["base"]
    answer = as_maya.post(url(draft, "autosave"), {"title": draft.title, "body": "Half a thought", "base": base}).json()
    assert answer == {"kept": True, "meanwhile": ""}
    page = as_maya.get(url(draft)).content.decode()
    assert "Half a thought" in page and "did not save" in page
    hers = as_priya.get(url(draft)).content.decode()
    assert "Half a thought" not in hers and "Maya Lindqvist</bdi> is writing here too" in hers and "writing here too" not in page
    as_priya.post(url(draft), fields(draft, body="Priya was faster"))
    assert as_maya.post(url(draft, "autosave"), {"title": draft.title, "body": "Half", "base": base}).json()["meanwhile"] == "Priya Raman"
    for _look in range(2):  # looking, and typing on, decides nothing
        both = as_maya.get(url(draft))
        assert "Two versions" in both.content.decode() and "Priya was faster" in both.content.decode()
        as_maya.post(url(draft, "autosave"), {"title": draft.title, "body": "Half a", "base": both.context["screen"].base})
    as_maya.post(url(draft, "discard"))
    assert "Priya was faster" in as_maya.get(url(draft)).content.decode() and not WorkingCopy.objects.exists()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"body": "x" * 200_001}, 400),
        ({"title": ""}, 400),
        ({"slug": "taken"}, 422),
        ({"keywords": "x" * 100}, 422),
        ({"review_due": "soon"}, 422),
        ({"category": "nonsense"}, 422),
    ],
)
def test_bad_input_is_answered_with_the_reason_and_nothing_typed_is_lost(
    draft: Article, as_maya: Client, changed: dict[str, str], status: int
) -> None:
    make_article("taken", "Taken", "Text", index=False)
    answer = as_maya.post(url(draft), fields(draft, **{"body": "Typed with care", **changed}))
    html = answer.content.decode()
    assert answer.status_code == status and 'role="alert"' in html
    assert changed.get("body", "Typed with care") in html
    draft.refresh_from_db()
    assert draft.body == "Open the sign-in page."


def test_the_preview_shows_what_readers_will_see_and_runs_nothing(draft: Article, as_maya: Client) -> None:
    text = "# Top\n\n**bold** <script>alert(1)</script> [x](javascript:alert(1))\n\n```\nnever closed"
    part = as_maya.post(url(draft, "preview"), {"title": "<b>T</b>", "body": text}).content.decode()
    assert "<strong>bold</strong>" in part and "&lt;b&gt;T" in part and "<script" not in part and 'href="javascript' not in part
    whole = as_maya.post(url(draft), fields(draft, body=text, action="preview")).content.decode()
    assert "<strong>bold</strong>" in whole and "never closed</textarea>" in whole.replace("\n", "")
    assert draft.revisions.count() == 1


def test_versions_are_compared_and_brought_back(draft: Article, as_maya: Client) -> None:
    as_maya.post(url(draft), fields(draft, body="Open the <sign-in> page now."))
    page = as_maya.get(url(draft, "versions")).content.decode()
    assert "<ins>now</ins>" in page.replace(" </ins>", "</ins>").replace("<ins> ", "<ins>") and "&lt;" in page and "<sign-in>" not in page
    assert as_maya.get(url(draft, "versions/1")).status_code == as_maya.get(url(draft, "versions/2") + "?with=1").status_code == 200
    assert as_maya.get(url(draft, "versions/99")).status_code == 302
    assert as_maya.get(url(draft, "versions/2") + "?with=99999999999999").status_code == 200
    as_maya.post(url(draft, "versions/1/restore"))
    draft.refresh_from_db()
    assert draft.body == "Open the sign-in page." and draft.revisions.count() == 3


def test_files_are_added_with_and_without_a_script(draft: Article, as_maya: Client, django_capture_on_commit_callbacks: Any) -> None:
    answer = as_maya.post(url(draft, "files"), {"files": SimpleUploadedFile("map.png", PNG)}, headers={"Accept": "application/json"})
    file = draft.files.get()
    assert answer.json() == {"markdown": [f"![map](/knowledge/files/{file.pk}/)"], "refused": []}
    bad = as_maya.post(url(draft, "files"), {"files": SimpleUploadedFile("run.exe", b"MZ")}, headers={"Accept": "application/json"})
    assert bad.status_code == 422 and "run.exe" in bad.json()["refused"][0]
    assert "map.png" in as_maya.post(url(draft, "files"), {"files": SimpleUploadedFile("run.exe", b"MZ")}, follow=True).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        as_maya.post(f"/knowledge/files/{file.pk}/remove/")
    assert not draft.files.exists() and not file.file.storage.exists(file.file.name)


def test_an_article_of_two_hundred_thousand_characters_is_shown_and_saved(draft: Article, as_maya: Client) -> None:
    body = "word " * 39_000
    assert as_maya.post(url(draft), fields(draft, body=body)).status_code == 302
    assert as_maya.get(url(draft)).status_code == as_maya.get(url(draft, "versions")).status_code == 200
