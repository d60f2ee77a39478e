from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Embedding, Event, User
from knowledge import indexing
from knowledge.models import Article, Chunk
from knowledge.publishing import publish, retire, revise
from knowledge.search import search
from tests.knowledge.conftest import make_article

LONG = "\n\n".join(f"## Part {number}\n\n" + f"Words about subject {number} go on and on here. " * 15 for number in range(4))


def vectors(article: Article) -> list[int]:
    return sorted(Embedding.objects.filter(object_kind="article", object_id=article.pk).values_list("part", flat=True))


def test_a_short_article_has_two_vectors_and_one_passage(write: Callable[..., Article]) -> None:
    article = write("short", "Short", "Only a few words.")
    assert vectors(article) == [0, 1] and article.chunks.count() == 1


def test_a_long_article_has_one_more_for_each_passage(write: Callable[..., Article]) -> None:
    article = write("long", "Long", LONG)
    assert article.chunks.count() == 4 and vectors(article) == [0, 1, 2, 3, 4, 5]
    assert article.chunks.first().heading == "Part 0"


def test_an_article_that_got_shorter_loses_what_it_no_longer_says(write: Callable[..., Article], maya: User) -> None:
    article = revise(write("long", "Long", LONG), by=maya, body="Now short.")
    indexing.index_article(article.pk)
    assert vectors(article) == [0, 1] and Chunk.objects.count() == 1


def test_indexing_again_embeds_nothing(library: dict[str, Article]) -> None:
    assert indexing.index_articles(Article.objects.select_related("category")) == 0


def test_indexing_leaves_the_article_unchanged(write: Callable[..., Article]) -> None:
    article = write("one", "One", "Text")
    before = article.updated_at
    indexing.index_article(article.pk)
    article.refresh_from_db()
    assert article.updated_at == before


def test_a_deleted_article_leaves_no_vectors(write: Callable[..., Article]) -> None:
    article = write("gone", "Gone", "Soon")
    key = article.pk
    article.delete()
    indexing.index_article(key)
    assert not Embedding.objects.filter(object_id=key).exists()


def test_words_are_indexed_while_the_engine_is_away_and_meaning_follows(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    article = make_article("late", "Late meaning", "Some text", index=False)

    def away(*_: Any) -> Any:
        raise EmbeddingUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(get_embedder()), "embed", away)
        with pytest.raises(EmbeddingUnavailable):
            indexing.index_article(article.pk)
    assert Article.objects.get(search__isnull=False) == article
    assert list(indexing.behind()) == [article]
    assert indexing.catch_up() == 2 and not indexing.behind().exists()


def test_a_change_while_the_engine_thinks_is_not_lost(write: Callable[..., Article], monkeypatch: pytest.MonkeyPatch, maya: User) -> None:
    article = write("busy", "Busy", "Old text")
    real, changed = indexing.store.remember, []

    def remember(kind: str, passages: Any) -> int:
        made = real(kind, passages)
        if not changed:
            changed.append(revise(article, by=maya, body="Entirely new text"))
        return made

    revise(article, by=maya, body="Middle text")
    monkeypatch.setattr(indexing.store, "remember", remember)
    indexing.index_article(article.pk)
    assert Chunk.objects.get().text == "Entirely new text"


def test_an_article_with_400_000_different_words_is_stored_and_found_by_its_beginning(write: Callable[..., Article]) -> None:
    write("huge", "Huge", "zebra " + " ".join(f"w{number}" for number in range(400_000)))
    assert search("zebra", viewer=None)[0].slug == "huge"


def test_reindex_indexes_everything_and_says_how_much(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    make_article("one", "One", "Text", index=False)
    call_command("reindex")
    assert "1 articles, 2 vectors made" in capsys.readouterr().out
    call_command("reindex", "--missing", "--drop-others")
    assert "0 articles, 0 vectors made, 0 old" in capsys.readouterr().out


class TestPublishing:
    def test_a_published_article_is_found_and_a_retired_one_is_not(self, maya: User, drain: Callable[[], int]) -> None:
        article = make_article("new", "How to tie a knot", "Left over right.", status="draft", index=False)
        assert search("tie a knot", viewer=None) == []
        publish(article, by=maya)
        drain()
        assert search("tie a knot", viewer=None)[0].slug == "new"
        retire(article, by=maya)
        drain()
        assert search("tie a knot", viewer=maya) == []

    def test_each_step_is_one_event_by_its_author(self, maya: User) -> None:
        article = make_article("new", "New", "Text", status="draft", index=False)
        for verb in (publish, publish, retire, retire):
            verb(article, by=maya)
        revise(article, by=maya, title="Newer")
        revise(article, by=maya, title="Newer")
        told = list(Event.objects.filter(subject_id=str(article.pk)).order_by("id").values_list("kind", "actor_name"))
        assert told == [(kind, "Maya Lindqvist") for kind in ("article.published", "article.retired", "article.changed")]

    def test_an_empty_article_is_not_published(self, maya: User) -> None:
        with pytest.raises(Invalid):
            publish(make_article("empty", "Empty", " ", status="draft", index=False), by=maya)

    def test_a_retired_article_is_not_published_again_directly(self, maya: User) -> None:
        with pytest.raises(Conflict):
            publish(make_article("old", "Old", "Text", status="archived", index=False), by=maya)
