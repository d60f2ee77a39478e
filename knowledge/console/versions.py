"""The versions of an article: compared with the one before (or any other), and brought back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest
from knowledge import editing
from knowledge.comparing import compare
from knowledge.models import Article, ArticleRevision

PAGE = 50


@login_required
@require_safe
def versions(request: AgentRequest, pk: UUID, version: int | None = None) -> HttpResponse:
    """All versions, and what one changed against the version before it, or against `?with=` another."""
    article = get_object_or_404(Article.objects.defer("search"), pk=pk)
    page = Paginator(article.revisions.defer("body"), PAGE).get_page(request.GET.get("page"))
    shown = article.revisions.filter(number=version).first() if version else article.revisions.first()
    if version and shown is None:
        return redirect("knowledge-versions", article.pk)
    before = _other(article, shown, request.GET.get("with", "")) if shown else None
    context = {
        "article": article,
        "page": page,
        "shown": shown,
        "before": before,
        "rows": compare(before.body if before else "", shown.body) if shown else [],
        "titles": compare(before.title, shown.title) if shown and before else [],
    }
    return render(request, "knowledge/console/versions.html", context)


@login_required
@require_POST
def restore(request: AgentRequest, pk: UUID, version: int) -> HttpResponse:
    article = get_object_or_404(Article, pk=pk)
    try:
        editing.restore(article, number=version, by=request.user)
        messages.success(request, _("Version %(number)s is back, as the newest one.") % {"number": version})
    except HelpdeskError as refused:
        messages.error(request, refused.detail)
    return redirect("knowledge-edit", article.pk)


def _other(article: Article, shown: ArticleRevision, wanted: str) -> ArticleRevision | None:
    if wanted.isdecimal() and len(wanted) < 9 and int(wanted) != shown.number:  # noqa: PLR2004 - fits the column
        return article.revisions.filter(number=int(wanted)).first()
    return article.revisions.filter(number__lt=shown.number).first()
