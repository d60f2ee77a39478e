"""The public help centre. Colleagues who are signed in also see what is internal or not yet published."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from helpdesk.core.limits import client_address
from helpdesk.core.models import User

from . import rendering
from .models import Article, Category
from .search import find as find_articles
from .voting import vote

MOST_HITS = 20
SHOWN_FROM = 0.2  # how well it fits; below it one result in three is about something else
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
    found, notice = _found(request, query) if query else (_of_topic(request, topic), "")
    counts = Counter(result.category for result in found if result.category)
    shown = [result for result in found if topic is None or result.category == topic]
    context = {
        "query": query,
        "notice": notice,
        "topic": topic,
        "total": len(shown),
        "found": len(found),
        "hits": shown,
        "facets": [{"name": c.name, "slug": c.slug, "count": n} for c, n in counts.most_common(8)] if query else [],
    }
    return render(request, "knowledge/public/search.html", context)


@require_safe
@login_not_required
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One article with its neighbours and table of contents."""
    found = get_object_or_404(Article.objects.visible_to(_viewer(request)).select_related("category"), slug=slug)
    siblings = Article.objects.public().filter(category=found.category).exclude(category=None)
    context = {
        "article": found,
        "page": rendering.render(found.body),
        "minutes": rendering.minutes(found.body),
        "siblings": siblings[:12],
        "topics": [topic for topic in _topics() if topic.pk != found.category_id][:6],
        "public": found.status == Article.Status.PUBLISHED and found.audience == Article.Audience.PUBLIC,
        "votes": found.helpful_count + found.not_helpful_count,
        "thanks": request.GET.get("thanks", ""),
        "files": [file for file in found.files.all() if str(file.pk) not in found.body],  # the others stand in the text
    }
    return render(request, "knowledge/public/article.html", context)


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


def _found(request: HttpRequest, query: str) -> tuple[list[Result], str]:
    """The results, and what to say of how they were searched for."""
    searched = find_articles(query, viewer=_viewer(request), limit=MOST_HITS)
    hits = searched.hits
    articles = Article.objects.select_related("category").in_bulk([hit.article_id for hit in hits])
    words = query.split()
    results = [
        _result(articles[hit.article_id], words, hit.highlight) for hit in hits if hit.article_id in articles and hit.fits >= SHOWN_FROM
    ]
    return results, searched.notice


def _of_topic(request: HttpRequest, topic: Category | None) -> list[Result]:
    if topic is None:
        return []
    articles = Article.objects.visible_to(_viewer(request)).published().filter(category=topic).select_related("category")
    return [_result(article, [], rendering.excerpt(article.body, [])) for article in articles]


def _result(found: Article, words: list[str], excerpt: SafeString) -> Result:
    internal = found.audience == Article.Audience.INTERNAL
    note = _("Internal") if internal else ""
    return Result(
        rendering.mark(found.title, words), found.get_absolute_url(), excerpt, found.category, rendering.minutes(found.body), note
    )


def _viewer(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
