"""Paths of the console under `/knowledge/`."""

from __future__ import annotations

from django.urls import path

from . import files

urlpatterns = [
    path("files/<uuid:pk>/", files.file, name="knowledge-file"),
]
