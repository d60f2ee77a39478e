"""Writing articles: versions, who decides what readers see, and what happens when two write at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.core.models import Event, User
from knowledge import editing, publishing
from knowledge.models import Article, ArticleRevision, Text, WorkingCopy
from tests.cast import make_agent


@pytest.fixture
def lead(db: None) -> User:
    return make_agent("Samir Haddad", role=User.Role.LEAD)


@pytest.fixture
def draft(maya: User) -> Article:
    article = editing.start(title="Reset your password", by=maya)
    write(article, maya, "Open the sign-in page.")
    article.refresh_from_db()
    return article


@pytest.fixture
def live(draft: Article, priya: User) -> Article:
    return editing.publish_newest(draft, by=priya)


def write(article: Article, by: User, body: str, base: str | None = None, **fields: Any) -> ArticleRevision:
    article = Article.objects.get(pk=article.pk)
    newest = ArticleRevision.objects.newest_of(article)
    text = Text.of(fields.pop("title", newest.title), body)
    return editing.save(article, by=by, text=text, base=newest.stamp if base is None else base, **fields)


def newest(article: Article) -> ArticleRevision:
    return ArticleRevision.objects.newest_of(article)


def test_saving_a_draft_changes_its_text_and_keeps_every_version(draft: Article, maya: User) -> None:
    write(draft, maya, "Open the sign-in page, then choose “Forgot”.", summary="One step more")
    draft.refresh_from_db()
    assert draft.body.endswith("“Forgot”.") and draft.status == Article.Status.DRAFT
    assert [(one.number, one.author, one.summary) for one in draft.revisions.all()] == [(2, maya, "One step more"), (1, maya, "")]


def test_saving_the_same_text_again_is_no_new_version(draft: Article, maya: User) -> None:
    before = Event.objects.count()
    write(draft, maya, "Open the sign-in page.\r\n")
    assert (draft.revisions.count(), Event.objects.count()) == (1, before)


def test_what_an_agent_saves_of_a_published_article_waits_beside_it(live: Article, maya: User, priya: User) -> None:
    write(live, maya, "A better text.")
    live.refresh_from_db()
    assert live.body == "Open the sign-in page." and newest(live).body == "A better text."
    editing.request_review(live, by=maya)
    assert live.revisions.awaiting_review().count() == 1
    live = editing.publish_newest(live, by=priya)
    assert live.body == "A better text." and live.revisions.awaiting_review().count() == 0
    assert newest(live).live_since is not None and live.status == Article.Status.PUBLISHED


def test_only_leads_supervisors_and_admins_decide_what_readers_see(draft: Article, maya: User, lead: User) -> None:
    editing.request_review(draft, by=maya)
    with pytest.raises(NotAllowed):
        editing.publish_newest(draft, by=maya)
    published = editing.publish_newest(draft, by=lead)
    assert published.status == Article.Status.PUBLISHED and published.published_at
    with pytest.raises(NotAllowed):
        write(published, maya, "Same for all", properties={"audience": "internal"})
    with pytest.raises(NotAllowed):
        editing.archive(published, by=maya)
    assert editing.archive(published, by=lead).status == Article.Status.ARCHIVED
    with pytest.raises(NotAllowed):
        editing.send_back(published, by=maya)
    assert editing.send_back(published, by=lead).status == Article.Status.DRAFT


def test_who_saves_over_a_version_they_have_not_seen_is_stopped_and_nothing_is_lost(draft: Article, maya: User, lead: User) -> None:
    base = newest(draft).stamp
    write(draft, lead, "Samir's text", base=base)
    with pytest.raises(editing.EditConflict) as conflict:
        write(draft, maya, "Maya's text", base=base)
    assert conflict.value.theirs.body == "Samir's text" and "Samir" in conflict.value.detail
    draft.refresh_from_db()
    assert draft.body == "Samir's text"
    write(draft, maya, "Samir's text", base=base)  # both wrote the same: nothing to decide
    assert draft.revisions.count() == 2


def test_typing_is_kept_for_its_author_alone_until_it_is_saved(draft: Article, maya: User, lead: User) -> None:
    base = newest(draft).stamp
    editing.keep_working_copy(draft, by=maya, title=draft.title, body="Half a sen", base=base)
    editing.keep_working_copy(draft, by=maya, title=draft.title, body="Half a sentence", base=base)
    assert [copy.body for copy in WorkingCopy.objects.filter(author=maya)] == ["Half a sentence"]
    assert not WorkingCopy.objects.filter(author=lead).exists() and draft.revisions.count() == 1
    write(draft, maya, "Half a sentence")
    assert not WorkingCopy.objects.exists()
    assert editing.keep_working_copy(draft, by=maya, title=draft.title, body="Half a sentence", base=newest(draft).stamp) is None


def test_restoring_an_older_version_adds_one_and_loses_none(draft: Article, maya: User) -> None:
    write(draft, maya, "Worse.")
    restored = editing.restore(draft, number=1, by=maya)
    draft.refresh_from_db()
    assert restored.number == 3 and restored.summary == "Version 1 restored" and draft.body == "Open the sign-in page."
    with pytest.raises(NotFound):
        editing.restore(draft, number=99, by=maya)


def test_an_imported_article_keeps_its_text_as_version_one_when_it_is_first_edited(maya: User) -> None:
    article = Article.objects.create(slug="old", title="Old", body="As imported.", status="published")
    write(article, maya, "Rewritten.")
    assert [one.body for one in article.revisions.all()] == ["Rewritten.", "As imported."]


def test_a_change_from_outside_the_editor_is_a_version_too(live: Article, priya: User, maya: User) -> None:
    base = newest(live).stamp
    publishing.revise(live, by=priya, body="Imported anew.")
    with pytest.raises(editing.EditConflict):
        write(live, maya, "Mine", base=base)
    assert newest(live).body == "Imported anew." and newest(live).live_since


@pytest.mark.parametrize(("title", "body"), [("", "Text"), (" \x00 ", "Text"), ("x" * 251, "Text"), ("Title", "x" * 200_001)])
def test_a_text_without_title_or_beyond_all_measure_is_refused_with_the_reason(draft: Article, maya: User, title: str, body: str) -> None:
    with pytest.raises(Invalid) as refused:
        editing.save(draft, by=maya, text=Text.of(title, body), base=newest(draft).stamp)
    assert refused.value.detail
    assert draft.revisions.count() == 1


def test_the_same_title_twice_gives_two_addresses(maya: User) -> None:
    slugs = [editing.start(title="Reset your password", by=maya).slug for _ in range(3)]
    assert slugs == ["reset-your-password", "reset-your-password-2", "reset-your-password-3"]
    assert editing.start(title="كلمة المرور", by=maya).slug.startswith("article-")


def test_an_address_that_another_article_has_is_refused_and_a_published_one_stays(live: Article, maya: User) -> None:
    other = editing.start(title="Other", by=maya)
    with pytest.raises(Conflict, match="Another article"):
        write(other, maya, "Text", properties={"slug": live.slug})
    with pytest.raises(Conflict, match="go on working"):
        write(live, maya, "Text", properties={"slug": "elsewhere"})
    write(other, maya, "Text", properties={"slug": "its-own"})
    other.refresh_from_db()
    assert other.slug == "its-own"


def test_an_empty_article_is_neither_reviewed_nor_published(maya: User, priya: User) -> None:
    article = editing.start(title="Empty", by=maya)
    with pytest.raises(Conflict):
        editing.request_review(article, by=maya)
    with pytest.raises(Invalid):
        editing.publish_newest(article, by=priya)
    article.refresh_from_db()
    assert article.status == Article.Status.DRAFT


def test_publishing_lists_what_will_not_work_and_goes_on_when_told_to(draft: Article, maya: User, priya: User) -> None:
    write(draft, maya, "See [the other page](/help/nowhere/).")
    with pytest.raises(editing.NotReady) as refused:
        editing.publish_newest(draft, by=priya)
    assert [problem.target for problem in refused.value.problems] == ["/help/nowhere/"]
    assert editing.publish_newest(draft, by=priya, despite_problems=True).status == Article.Status.PUBLISHED


def test_every_step_is_told_as_an_event(draft: Article, maya: User, priya: User, drain: Callable[[], int]) -> None:
    editing.request_review(draft, by=maya)
    editing.send_back(draft, by=priya)
    editing.publish_newest(draft, by=priya)
    write(draft, maya, "Later.")
    kinds = list(Event.objects.filter(subject_id=str(draft.pk)).order_by("id").values_list("kind", flat=True))
    assert kinds == [
        "article.created",
        "article.changed",
        "article.review_requested",
        "article.sent_back",
        "article.published",
        "article.version_saved",
    ]
