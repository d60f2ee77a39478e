"""Files of articles: uploaded by colleagues, given to whoever may read the article."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpdesk.core import downloads
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from knowledge import attaching
from knowledge.models import Article, ArticleFile


@require_safe
@login_not_required
def file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    viewer = request.user if isinstance(request.user, User) else None
    found = get_object_or_404(ArticleFile.objects.visible_to(viewer), pk=pk)
    return downloads.served(found.file, found.name)


@login_required
@require_POST
def upload(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Store the files of a form. A script gets the Markdown to insert; without one the editor opens again."""
    article = get_object_or_404(Article, pk=pk)
    stored, refused = [], []
    for one in request.FILES.getlist("files"):
        try:
            stored.append(attaching.attach(article, one, by=request.user))
        except HelpdeskError as problem:
            refused.append(problem.detail)
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"markdown": [one.markdown for one in stored], "refused": refused}, status=200 if stored else 422)
    for detail in refused:
        messages.warning(request, detail)
    return redirect("knowledge-edit", article.pk)


@login_required
@require_POST
def remove(request: AgentRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(ArticleFile, pk=pk)
    article = found.article_id
    attaching.remove(found)
    messages.success(request, _("“%(name)s” is removed.") % {"name": found.name})
    return redirect("knowledge-edit", article)
