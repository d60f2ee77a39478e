"""Paths of the console under `/knowledge/`."""

from __future__ import annotations

from django.urls import path

from . import articles, editor, files, flags, gaps, imports, versions

urlpatterns = [
    path("", articles.articles, name="knowledge"),
    path("new/", articles.new, name="knowledge-new"),
    path("import/", imports.imports, name="knowledge-imports"),
    path("import/<uuid:pk>/", imports.one_import, name="knowledge-import"),
    path("flag/", flags.flag, name="knowledge-flag"),
    path("flags/<uuid:pk>/settle/", flags.settle, name="knowledge-flag-settle"),
    path("gaps/", gaps.gaps, name="knowledge-gaps"),
    path("searches/", gaps.searches, name="knowledge-searches"),
    path("export/", imports.export, name="knowledge-export"),
    path("files/<uuid:pk>/", files.file, name="knowledge-file"),
    path("files/<uuid:pk>/remove/", files.remove, name="knowledge-file-remove"),
    path("<uuid:pk>/edit/", editor.edit, name="knowledge-edit"),
    path("<uuid:pk>/preview/", editor.preview, name="knowledge-preview"),
    path("<uuid:pk>/autosave/", editor.autosave, name="knowledge-autosave"),
    path("<uuid:pk>/discard/", editor.discard, name="knowledge-discard"),
    path("<uuid:pk>/move/", editor.move, name="knowledge-move"),
    path("<uuid:pk>/translate/", editor.translate, name="knowledge-translate"),
    path("<uuid:pk>/files/", files.upload, name="knowledge-upload"),
    path("<uuid:pk>/versions/", versions.versions, name="knowledge-versions"),
    path("<uuid:pk>/versions/<int:version>/", versions.versions, name="knowledge-version"),
    path("<uuid:pk>/versions/<int:version>/restore/", versions.restore, name="knowledge-restore"),
]
