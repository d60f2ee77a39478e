"""Search: meaning, words and the memory of solved work, fused into one order, within what the viewer may see.

    found = find("I get error 401 on the phone", viewer=agent)       # hits, how sure, and whether meaning was available
    hits = search("I get error 401 on the phone", viewer=None)       # the hits alone; None is the public

Five statements, whatever the size: synonyms, unknown words, candidates, what solved cases say, the articles to show.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder

from . import cases
from .calibration import probability
from .candidates import MOST_CHARACTERS, Question, candidates
from .excerpts import Excerpt, excerpts
from .fusion import Band, Memory, Scored, band, fuse
from .markdown import steps
from .models import Article
from .models.article import ArticleQuerySet
from .wording import Wording, reading

CLOSE_IN_MEANING = 0.5  # cosine from which it is worth saying so
MOST_HITS = 50


@dataclass(frozen=True)
class Hit:
    article_id: UUID
    slug: str
    title: str
    excerpt: str  # plain text
    highlight: SafeString  # the same, escaped, with <mark> around the words that were asked for
    category: str  # slug, or ""
    score: float  # raw confidence, 0..1: what the bands are set on
    relevance: float  # the same as a probability of being the right answer: what a screen prints
    fits: float  # how well it fits, however many others fit as well: what a list is cut by
    why: str
    steps: list[str]  # of a numbered list in the article, else empty
    url: str
    body: str = field(default="", repr=False)  # the article's Markdown


@dataclass(frozen=True)
class Narrowing:
    """Filters of a search, inside the query like the permissions. Empty ones do not narrow; an unknown value finds nothing."""

    category: str = ""  # slug
    tag: str = ""
    language: str = ""  # "de" also stands for "de-AT"
    audience: str = ""
    updated_since: datetime | None = None
    for_assist: bool = False  # leave out what assist may not use

    def of(self, articles: ArticleQuerySet) -> ArticleQuerySet:
        if self.category:
            articles = articles.filter(category__slug=self.category)
        if self.tag:
            articles = articles.filter(keywords__contains=[self.tag])
        if self.language:
            articles = articles.filter(Q(language=self.language) | Q(language__startswith=f"{self.language}-"))
        if self.audience:
            articles = articles.filter(audience=self.audience)
        if self.for_assist:
            articles = articles.filter(assist_may_use=True)
        return articles.filter(updated_at__gte=self.updated_since) if self.updated_since else articles


EVERYTHING = Narrowing()
FOR_ASSIST = Narrowing(for_assist=True)


@dataclass(frozen=True)
class Found:
    hits: list[Hit] = field(default_factory=list)
    confidence: float = 0.0  # of the best hit
    band: Band = Band.NOTHING
    by_meaning: bool = True  # False: only words could be compared, and the screen says so
    also: tuple[str, ...] = ()  # what was searched besides: synonyms, right spellings
    notice: str = ""  # what the screen says of how it was searched
    vector: Any = field(default=None, compare=False, repr=False)  # of the question, for whoever searches on by meaning


def search(text: str, *, viewer: Any, limit: int = 5, language: str = "en", narrowing: Narrowing = EVERYTHING) -> list[Hit]:
    """The best published articles that `viewer` may see (a User, an ApiKey, a customer, or None for the public), best first.

    `text` is whatever was asked: a few words, a whole ticket, or the customer's turns joined by line breaks. Never raises
    for odd text; an empty one finds nothing.
    """
    return find(text, viewer=viewer, limit=limit, language=language, narrowing=narrowing).hits


def find(
    text: str,
    *,
    viewer: Any,
    limit: int = 5,
    language: str = "en",
    narrowing: Narrowing = EVERYTHING,
    as_spelt: bool = False,
    besides: Collection[UUID] = (),
) -> Found:
    """`search`, with how sure it is and what it could use. `as_spelt`: nobody typed it, so no word is read as another's slip.

    `besides`: articles that are scored and returned too, behind the `limit` best, whatever place they have.
    """
    among = narrowing.of(Article.objects.published().visible_to(viewer))
    question = ask(text, language=language, among=among, as_spelt=as_spelt)
    if not question.text:
        return Found()
    scored, by_meaning = rank(question, among=among, besides=besides)
    most = min(limit, MOST_HITS)
    chosen = [*scored[:most], *(one for one in scored[most:] if one.article_id in besides)]
    hits = _present(question, chosen, among=among)
    confidence = hits[0].score if hits else 0.0
    return Found(
        hits, confidence, band(confidence), by_meaning, question.wording.added, _notice(question.wording, by_meaning), question.vector
    )


def ask(text: str, *, among: ArticleQuerySet, language: str = "en", as_spelt: bool = False) -> Question:
    """The question as it is searched: cut to what is read, in other words too, with its vector where meaning is available."""
    text = text[: MOST_CHARACTERS * 4].encode("utf-8", "ignore").decode().replace("\x00", " ")  # what PostgreSQL can hold
    text = " ".join(text.split())[:MOST_CHARACTERS]
    if not text:
        return Question("", None, language)
    wording = reading(text, language=language, among=among, as_spelt=as_spelt)
    try:
        vector = get_embedder().embed([wording.meant(text)])[0]
    except EmbeddingUnavailable:
        vector = None
    return Question(text, vector, language, wording)


def rank(question: Question, *, among: ArticleQuerySet, besides: Collection[UUID] = ()) -> tuple[list[Scored], bool]:
    """Every candidate in order with its score, and whether meaning took part."""
    found = candidates(question, among=among, besides=besides)
    if question.vector is None:
        return fuse(found, Memory(), by_meaning=False), False
    return fuse(found, cases.recall(question.vector, among=among)), True


def _notice(wording: Wording, by_meaning: bool) -> str:
    away = "" if by_meaning else gettext("Searching by words only: the language model is not available right now.")
    return " ".join(filter(None, (away, wording.notice)))


def _present(question: Question, scored: Sequence[Scored], *, among: ArticleQuerySet) -> list[Hit]:
    wanted = {one.article_id: one.candidate.passage if one.candidate else 0 for one in scored}
    shown = excerpts(question, wanted, among=among)
    return [_hit(one, shown[one.article_id]) for one in scored if one.article_id in shown]


def _hit(scored: Scored, shown: Excerpt) -> Hit:
    return Hit(
        article_id=scored.article_id,
        slug=shown.slug,
        title=shown.title,
        excerpt=shown.text,
        highlight=shown.highlight,
        category=shown.category,
        score=round(scored.confidence, 4),
        relevance=probability(scored.confidence),
        fits=round(scored.fits, 4),
        why=_why(scored, shown),
        steps=steps(shown.body),
        url=shown.url,
        body=shown.body,
    )


def _why(scored: Scored, shown: Excerpt) -> str:
    """In a person's words, the strongest reason first."""
    reasons = []
    if scored.votes:
        reasons.append(ngettext("solved %(count)d similar case", "solved %(count)d similar cases", scored.votes) % {"count": scored.votes})
    if scored.candidate and scored.candidate.named:
        reasons.append(gettext("is about the code that was named"))
    if scored.candidate and scored.candidate.meaning >= CLOSE_IN_MEANING:
        reasons.append(gettext("close in meaning"))
    if shown.shared:
        reasons.append(gettext("shares the words “%(words)s”") % {"words": ", ".join(shown.shared)})
    why = "; ".join(reasons) or gettext("related in meaning")
    return why[:1].upper() + why[1:]
