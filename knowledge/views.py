"""The public help centre. Colleagues who are signed in also see what is internal or not yet published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_GET, require_POST, require_safe

from helpdesk.core.limits import client_address
from helpdesk.core.models import User

from . import editing, rendering, search_log, structured
from .models import Article, Category
from .suggesting import Suggested, languages_of_readers, suggest
from .voting import vote

MOST_HITS = 20
LONGEST_QUERY, MOST_WORDS = 256, 32  # security.md T36
NEWEST = 8


@dataclass(frozen=True)
class Result:
    """One line of a result list."""

    title: SafeString
    url: str
    excerpt: SafeString
    category: Category | None
    minutes: int
    note: str = ""


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Search, topics, and what changed last."""
    articles = Article.objects.public()
    newest = articles.select_related("category").order_by(F("published_at").desc(nulls_last=True), "title")[:NEWEST]
    return render(request, "knowledge/public/home.html", {"topics": _topics(), "newest": newest})


@require_GET
@login_not_required
def search(request: HttpRequest) -> HttpResponse:
    """Articles for the words of `q`, or all of one `topic`."""
    query = " ".join(request.GET.get("q", "").replace("\x00", "")[:LONGEST_QUERY].split()[:MOST_WORDS])
    topic = Category.objects.filter(slug=request.GET.get("topic", "").replace("\x00", "")).first()
    spoken = languages_of_readers()
    language = language_of(request, spoken)
    looked = suggest(query, viewer=_viewer(request), language=language, most=MOST_HITS) if query else None
    seen = _noted(request, query, language, looked) if looked else None
    found = _results(query, looked, seen, language) if looked else _of_topic(request, topic)
    counts = Counter(result.category for result in found if result.category)
    shown = [result for result in found if topic is None or result.category == topic]
    context = {
        "query": query,
        "about": looked.found.notice if looked else "",  # not `notice`: that is the announcement above every public page
        "answer": _answer(looked, seen) if looked and topic is None else None,
        "language": language,
        "languages": spoken if len(spoken) > 1 else [],
        "topic": topic,
        "total": len(shown),
        "found": len(found),
        "hits": shown,
        "facets": [{"name": c.name, "slug": c.slug, "count": n} for c, n in counts.most_common(8)] if query else [],
    }
    return render(request, "knowledge/public/search.html", context)


@require_safe
@login_not_required
def suggestions(request: HttpRequest) -> HttpResponse:
    """A few titles for what is being typed: a part of the search field and of the contact form."""
    text = request.GET.get("q", "")[:LONGEST_QUERY]
    looked = suggest(text, language=language_of(request, languages_of_readers()))
    response = render(request, "knowledge/public/suggestions.html", {"hits": looked.hits, "text": text})
    response["Cache-Control"] = "private, max-age=60"
    return response


def _stamp(request: HttpRequest, slug: str) -> str | None:
    """A public article is the same for everybody until it changes; who is signed in, or was just thanked, gets a fresh page."""
    if _viewer(request) or request.GET:
        return None
    found = Article.objects.public().filter(slug=slug).values_list("pk", "updated_at", "helpful_count", "not_helpful_count").first()
    return f'"{":".join(map(str, found))}"' if found and not request.COOKIES.get("csrftoken") else None


@require_safe
@login_not_required
@condition(etag_func=_stamp)
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One article with its neighbours and table of contents."""
    found = get_object_or_404(Article.objects.visible_to(_viewer(request)).select_related("category"), slug=slug)
    _read(request, found)
    others = [one for one in editing.in_other_languages(found) if one.status == Article.Status.PUBLISHED and one.audience == found.audience]
    siblings = Article.objects.public().filter(category=found.category, language=found.language).exclude(category=None)
    context = {
        "article": found,
        "page": rendering.render(found.body),
        "minutes": rendering.minutes(found.body),
        "siblings": siblings[:12],
        "topics": [topic for topic in _topics() if topic.pk != found.category_id][:6],
        "public": found.status == Article.Status.PUBLISHED and found.audience == Article.Audience.PUBLIC,
        "votes": found.helpful_count + found.not_helpful_count,
        "thanks": request.GET.get("thanks", ""),
        "others": others,
        "structured": structured.of_article(found),
        "files": [file for file in found.files.all() if str(file.pk) not in found.body],  # the others stand in the text
    }
    return render(request, "knowledge/public/article.html", context)


def _read(request: HttpRequest, found: Article) -> None:
    """Count a reader, and the search that led here."""
    if request.method != "GET" or _viewer(request):
        return
    Article.objects.filter(pk=found.pk).update(reads=F("reads") + 1)
    try:
        search_log.clicked(UUID(request.GET.get("s", "")), found)
    except ValueError:  # no search led here
        return


@require_POST
@login_not_required
def feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """ "Did this solve it?" One vote a visitor and article, with what was missing; another changes it."""
    found = get_object_or_404(Article.objects.public(), slug=slug)
    yes, reason = request.POST.get("helpful") == "yes", request.POST.get("reason", "")
    vote(found, address=client_address(request), agent=request.headers.get("User-Agent", ""), helpful=yes, reason=reason)
    thanks = "yes" if yes else "reason" if reason.strip() else "no"
    return redirect(f"{found.get_absolute_url()}?thanks={thanks}#solved")


def _topics() -> list[Category]:
    public = Q(articles__status=Article.Status.PUBLISHED, articles__audience=Article.Audience.PUBLIC)
    return list(Category.objects.annotate(articles_count=Count("articles", filter=public)).filter(articles_count__gt=0))


def language_of(request: HttpRequest, spoken: Sequence[str]) -> str:
    """`?lang=`, else what the browser prefers, of the languages that articles are written in; else English."""
    asked = request.GET.get("lang", "")
    if asked in spoken:
        return asked
    preferred = request.headers.get("Accept-Language", "")[:200].split(",")
    return next((code for code in (one.split(";")[0].strip().split("-")[0].lower() for one in preferred) if code in spoken), "en")


def _noted(request: HttpRequest, query: str, language: str, looked: Suggested) -> UUID | None:
    """Customers' searches are written down, colleagues' are not: they try things out."""
    if _viewer(request):
        return None
    return search_log.note(query, language=language, place="help", results=len(looked.hits), confidence=looked.found.confidence)


def _results(query: str, looked: Suggested, seen: UUID | None, language: str) -> list[Result]:
    """Articles in the reader's language first; among them, and among the others, the best first."""
    articles = Article.objects.select_related("category").in_bulk([hit.article_id for hit in looked.hits])
    hits = [hit for hit in looked.hits if hit.article_id in articles]
    hits.sort(key=lambda hit: not articles[hit.article_id].language.startswith(language))
    return [_result(articles[hit.article_id], query.split(), hit.highlight, seen) for hit in hits]


def _answer(looked: Suggested, seen: UUID | None) -> dict[str, Any] | None:
    """The short answer above the results: a passage of one public article, and only when it is likely enough."""
    hit = looked.answer
    public = hit and Article.objects.public().filter(pk=hit.article_id).exists()
    return {"hit": hit, "percent": round(hit.relevance * 100), "url": _from(hit.url, seen)} if hit and public else None


def _from(url: str, seen: UUID | None) -> str:
    return f"{url}?s={seen}" if seen else url


def _of_topic(request: HttpRequest, topic: Category | None) -> list[Result]:
    if topic is None:
        return []
    articles = Article.objects.visible_to(_viewer(request)).published().filter(category=topic).select_related("category")
    return [_result(article, [], rendering.excerpt(article.body, [])) for article in articles]


def _result(found: Article, words: list[str], excerpt: SafeString, seen: UUID | None = None) -> Result:
    internal = found.audience == Article.Audience.INTERNAL
    note = _("Internal") if internal else ""
    return Result(
        rendering.mark(found.title, words),
        _from(found.get_absolute_url(), seen),
        excerpt,
        found.category,
        rendering.minutes(found.body),
        note,
    )


def _viewer(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
