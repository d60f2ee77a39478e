"""The public help centre, and the pages of those who write it."""

from __future__ import annotations

from django.urls import include, path, re_path

from . import views

urlpatterns = [
    path("knowledge/", include("knowledge.console.urls")),
    path("help/", views.home, name="help"),
    path("help/search/", views.search, name="help-search"),
    path("help/<slug:slug>/feedback/", views.feedback, name="help-feedback"),
    # the words that stand for pages of the apps above are no articles
    re_path(r"^help/(?!(?:contact|requests|search)/)(?P<slug>[-\w]+)/$", views.article, name="help-article"),
]
