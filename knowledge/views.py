"""The public help centre. Colleagues who are signed in also see what is internal or not yet published."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from helpdesk.core.limits import client_address, spend

from . import rendering
from .models import Article, Category

MOST_HITS = 20
LONGEST_QUERY, MOST_WORDS = 256, 32  # security.md T36
NEWEST = 8
VOTE_WINDOW = timedelta(days=1)  # one vote a visitor, article and day


@dataclass(frozen=True)
class Result:
    """One line of a result list."""

    title: SafeString
    url: str
    excerpt: SafeString
    category: str
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
    articles = _found(request, query) if query else _of_topic(request, topic)
    counts = Counter(article.category for article in articles if article.category)
    shown = [a for a in articles if topic is None or a.category_id == topic.pk]
    context = {
        "query": query,
        "topic": topic,
        "total": len(shown),
        "found": len(articles),
        "hits": [_result(article, query.split()) for article in shown],
        "facets": [{"name": c.name, "slug": c.slug, "count": n} for c, n in counts.most_common(8)] if query else [],
    }
    return render(request, "knowledge/public/search.html", context)


@require_safe
@login_not_required
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One article with its neighbours and table of contents."""
    found = get_object_or_404(Article.objects.visible_to(request.user).select_related("category"), slug=slug)
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
    }
    return render(request, "knowledge/public/article.html", context)


@require_POST
@login_not_required
def feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """"Did this solve it?" One vote a visitor, article and day; more are thanked for and not counted."""
    found = get_object_or_404(Article.objects.public(), slug=slug)
    yes = request.POST.get("helpful") == "yes"
    if spend("article-vote", f"{client_address(request)} {found.pk}", limit=1, window=VOTE_WINDOW):
        column = "helpful_count" if yes else "not_helpful_count"
        Article.objects.filter(pk=found.pk).update(**{column: F(column) + 1})
    return redirect(f"{found.get_absolute_url()}?thanks={'yes' if yes else 'no'}")


def _topics() -> list[Category]:
    public = Q(articles__status=Article.Status.PUBLISHED, articles__audience=Article.Audience.PUBLIC)
    return list(Category.objects.annotate(articles_count=Count("articles", filter=public)).filter(articles_count__gt=0))


def _found(request: HttpRequest, query: str) -> list[Article]:
    from .search import search as search_articles  # noqa: PLC0415

    return [hit.article for hit in search_articles(query, viewer=request.user, limit=MOST_HITS)]


def _of_topic(request: HttpRequest, topic: Category | None) -> list[Article]:
    if topic is None:
        return []
    return list(Article.objects.visible_to(request.user).published().filter(category=topic).select_related("category"))


def _result(found: Article, words: list[str]) -> Result:
    return Result(
        title=rendering.mark(found.title, words),
        url=found.get_absolute_url(),
        excerpt=rendering.excerpt(found.body, words),
        category=found.category.name if found.category else "",
        minutes=rendering.minutes(found.body),
        note=_("Internal") if found.audience == Article.Audience.INTERNAL else "",
    )
