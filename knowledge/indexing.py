"""Keeps articles findable: their words (full text), their passages, and their meaning (vectors).

An article has the vector of its title, one of title + category + opening, and one for each passage when it is long.
Everything here can be repeated or killed at any point: what is unchanged is skipped by its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from uuid import UUID

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Value

from helpdesk.core.embeddings import get_embedder, store, switching
from helpdesk.core.models import Embedding

from . import spelling
from .chunking import READ, Piece, chunk
from .language import text_configuration
from .markdown import plain
from .models import Article, Chunk

KIND = "article"
TITLE, OPENING, FIRST_PASSAGE = 0, 1, 2  # parts of an article's vectors
OPENING_LENGTH = 900  # characters of the body beside the title: with it about 256 tokens, all that the model reads
MISSING_AT_ONCE = 512
AT_ONCE = 64  # articles read, chunked and embedded together


def index_article(article_id: UUID) -> None:
    """Bring one article's index up to date, or remove it when the article is gone.

    Raises EmbeddingUnavailable; its words are indexed by then.
    """
    stamp = None
    while article := Article.objects.select_related("category").filter(pk=article_id).first():
        if article.updated_at == stamp:  # nobody changed it while the engine was thinking
            return
        stamp = article.updated_at
        index_articles([article])
    store.forget(KIND, [article_id])


def index_articles(articles: Iterable[Article], progress: Callable[[int], None] | None = None) -> int:
    """Index these articles (with their category loaded) in batches; returns how many vectors had to be made.

    `progress` is called with the number of articles done. Raises EmbeddingUnavailable after the words of the batch are indexed.
    """
    made = 0
    remaining = iter(articles)
    while batch := list(islice(remaining, AT_ONCE)):
        pieces = {article.pk: chunk(article.body) for article in batch}
        for article in batch:
            _index_words(article, pieces[article.pk])
        spelling.learn(batch)
        passages = {article.pk: list(_passages(article, pieces[article.pk])) for article in batch}
        made += store.remember(KIND, (passage for one in passages.values() for passage in one))
        store.trim(KIND, {article_id: len(one) for article_id, one in passages.items()})
        if progress:
            progress(len(batch))
    return made


def behind() -> QuerySet[Article]:
    """Articles whose vectors are missing under the present engine: made while it was away, or by another engine."""
    titles = Embedding.objects.filter(object_kind=KIND, object_id=OuterRef("pk"), part=TITLE, model=get_embedder().name)
    return Article.objects.select_related("category").filter(~Exists(titles)).order_by("pk")


def catch_up() -> int:
    """Index whatever is behind; returns how many vectors were made."""
    return index_articles(behind().iterator(AT_ONCE))


@switching.remakes("articles")
def index_again() -> int:
    """Towards everything under the present engine: what is missing first, in parts; then one look at what has changed meanwhile."""
    missing = list(behind()[:MISSING_AT_ONCE])
    return (
        index_articles(missing) if missing else index_articles(Article.objects.select_related("category").order_by("pk").iterator(AT_ONCE))
    )


def _index_words(article: Article, pieces: list[Piece]) -> None:
    """Title A, keywords B, body D. `update` leaves `updated_at` alone: indexing is no change of the article."""
    configuration = text_configuration(article.language)
    words = (
        SearchVector(Value(article.title), weight="A", config=configuration)
        + SearchVector(Value(" ".join(article.keywords)), weight="B", config=configuration)
        + SearchVector(Value(plain(article.body[:READ])), weight="D", config=configuration)
    )
    with transaction.atomic():
        if not Article.objects.filter(pk=article.pk).update(search=words):
            return
        Chunk.objects.bulk_create(
            [_chunk(article, position, piece) for position, piece in enumerate(pieces)],
            update_conflicts=True,
            unique_fields=["article", "position"],
            update_fields=["heading", "text", "text_hash"],
        )
        Chunk.objects.filter(article=article, position__gte=len(pieces)).delete()


def _chunk(article: Article, position: int, piece: Piece) -> Chunk:
    return Chunk(article=article, position=position, heading=piece.heading, text=piece.text, text_hash=store.text_hash(piece.text))


def _passages(article: Article, pieces: list[Piece]) -> Iterator[store.Passage]:
    about = f"{article.category.name}. {article.category.description}" if article.category else ""
    yield store.Passage(article.pk, TITLE, article.title)
    keywords = f"{', '.join(article.keywords)}. " if article.keywords else ""
    yield store.Passage(article.pk, OPENING, f"{article.title}. {about} {keywords}{plain(article.body)[:OPENING_LENGTH]}")
    if len(pieces) > 1:
        for position, piece in enumerate(pieces):
            heading = f"{article.title} > {piece.heading}" if piece.heading else article.title
            yield store.Passage(article.pk, FIRST_PASSAGE + position, f"{heading}. {piece.text}")
