"""Flagging a passage from a ticket's panel or an article, and settling it beside the editor."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest
from knowledge import flagging
from knowledge.models import Article, PassageFlag


@login_required
@require_http_methods(["GET", "POST"])
def flag(request: AgentRequest) -> HttpResponse:
    """`?article=` (slug or id) and `&passage=`: the form; a post stores it. Asked for by htmx it answers with one line."""
    given = request.POST if request.method == "POST" else request.GET
    article, error = _article(given.get("article", "")), ""
    typed = {name: given.get(name, "")[: flagging.LONGEST] for name in ("kind", "passage", "note")}
    if request.method == "POST":
        try:
            flagging.flag(article, by=request.user, **typed)
        except HelpdeskError as refused:
            error = refused.detail
        else:
            messages.success(request, _("Noted. Whoever looks after the article sees it."))
            return redirect(article.get_absolute_url() if article.status == Article.Status.PUBLISHED else "/knowledge/")
    context = {"article": article, "typed": typed, "kinds": PassageFlag.Kind.choices, "error": error}
    return render(request, "knowledge/console/flag.html", context, status=422 if error else 200)


@login_required
@require_POST
def settle(request: AgentRequest, pk: UUID) -> HttpResponse:
    """`outcome`: fixed or kept."""
    one = get_object_or_404(PassageFlag.objects.select_related("article"), pk=pk)
    try:
        flagging.settle(one, by=request.user, outcome=request.POST.get("outcome", ""))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    return redirect("knowledge-edit", one.article_id)


def _article(name: str) -> Article:
    """By id or slug, as the panel's cards carry it."""
    name = name.replace("\x00", "")[:200]
    try:
        wanted = Q(pk=UUID(name))
    except ValueError:
        wanted = Q(slug=name)
    found = Article.objects.filter(wanted).first()
    if found is None:
        raise Http404
    return found
