"""The list of articles, and starting a new one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.core.requests import AgentRequest
from knowledge import editing, listing, search_log
from knowledge.models import Article, Category

from .forms import StartForm, languages


@login_required
@require_safe
def articles(request: AgentRequest) -> HttpResponse:
    """`?status= category= language= audience= owner= due= q= sort= page=`; every one may be absent."""
    user = request.user
    wanted = {name: request.GET[name].replace("\x00", "") for name in listing.FILTERS if request.GET.get(name)}
    page = Paginator(listing.found(wanted, viewer=user), listing.PAGE).get_page(request.GET.get("page"))
    if wanted.keys() <= {"q", "sort"} and "page" not in request.GET:
        _noted(wanted.get("q", ""), page.paginator.count)
    context = {
        "page": page,
        "wanted": wanted,
        "filters": _filters(wanted),
        "query": urlencode(wanted),
        "narrowed": bool(wanted.keys() - {"sort"}),
        "publisher": editing.may_publish(user),
    }
    return render(request, "knowledge/console/articles.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: AgentRequest) -> HttpResponse:
    given = {"title": request.GET.get("title", "")[:250], "category": request.GET.get("category", "")[:40], "language": "en"}
    form = StartForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        article = editing.start(by=request.user, **form.cleaned_data)
        return redirect("knowledge-edit", article.pk)
    return render(request, "knowledge/console/new.html", {"form": form}, status=422 if form.errors else 200)


def _noted(words: str, found: int) -> None:
    """What colleagues look for and do not find is a gap too. A search narrowed by a filter proves nothing missing."""
    search_log.note(words, language="", place="console", results=found, confidence=1.0 if found else 0.0)


def _filters(wanted: dict[str, str]) -> list[dict[str, Any]]:
    """The selects above the list: name, label and (value, words, chosen) for each choice."""
    categories = list(Category.objects.values_list("slug", "name"))
    owners = list(Article.objects.exclude(owner=None).order_by("owner__name").values_list("owner__email", "owner__name").distinct())
    spoken = set(Article.objects.order_by().values_list("language", flat=True).distinct())
    choices: list[tuple[str, str, list[tuple[str, Any]]]] = [
        ("status", _("Status"), [*Article.Status.choices, ("waiting", _("Waiting for review"))]),
        ("category", _("Category"), [*categories, ("none", _("No category"))]),
        ("language", _("Language"), [pair for pair in languages(*sorted(spoken)) if pair[0] in spoken]),
        ("audience", _("Audience"), list(Article.Audience.choices)),
        ("owner", _("Owner"), [("me", _("Me")), *owners, ("none", _("Nobody"))]),
        ("due", _("Review"), [("late", _("Overdue")), ("soon", _("Due within 30 days")), ("none", _("No date"))]),
        ("sort", _("Sort"), [("title", _("Title")), ("due", _("Review date")), ("helpful", _("Least helpful"))]),
    ]
    everything = {"sort": _("Last changed")}
    return [
        {
            "name": name,
            "label": label,
            "any": everything.get(name, _("All")),
            "choices": [(value, words, wanted.get(name) == value) for value, words in values],
        }
        for name, label, values in choices
    ]
