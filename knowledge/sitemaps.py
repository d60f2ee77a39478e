"""For search engines: what there is to read, and what is none of their business."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_page
from django.views.decorators.http import require_safe

from knowledge.models import Article

MOST = 50_000  # of one file: sitemaps.org
PRIVATE = (
    "/inbox/",
    "/admin/",
    "/accounts/",
    "/api/",
    *(f"/help/{page}/" for page in ("contact", "requests", "privacy", "visit", "search")),
)


@require_safe
@login_not_required
@cache_page(300)
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public article, with the same one in other languages. Two statements."""
    articles = list(Article.objects.public().defer("body", "search").order_by("-updated_at")[:MOST])
    families: dict[object, list[Article]] = {}
    for article in articles:
        families.setdefault(article.translation_of_id or article.pk, []).append(article)
    rows = [(article, families[article.translation_of_id or article.pk]) for article in articles]
    return render(request, "knowledge/public/sitemap.xml", {"rows": rows, "site": settings.SITE_URL}, content_type="application/xml")


@require_safe
@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE), f"Sitemap: {settings.SITE_URL}/sitemap.xml"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
