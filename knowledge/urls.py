"""The public help centre, and the pages of those who write it."""

from __future__ import annotations

from django.urls import include, path, re_path

from . import sitemaps, views
from .status import pages

urlpatterns = [
    path("knowledge/", include("knowledge.console.urls")),
    path("status/", pages.status, name="status"),
    path("status/status.json", pages.as_json, name="status-json"),
    path("status/feed.atom", pages.feed, {"kind": "atom"}, name="status-atom"),
    path("status/feed.rss", pages.feed, {"kind": "rss"}, name="status-rss"),
    path("status/history/", pages.history, name="status-history"),
    path("status/incidents/<slug:reference>/", pages.incident, name="status-incident"),
    path("help/", views.home, name="help"),
    path("help/suggestions/", views.suggestions, name="help-suggestions"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("help/search/", views.search, name="help-search"),
    path("help/<slug:slug>/feedback/", views.feedback, name="help-feedback"),
    # the words that stand for pages of the apps above are no articles
    re_path(r"^help/(?!(?:contact|privacy|requests|search|suggestions)/)(?P<slug>[-\w]+)/$", views.article, name="help-article"),
]
