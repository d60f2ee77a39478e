"""The editor: one page, one form. It works without JavaScript; editor.js adds autosave, the preview in place and files by drop."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from knowledge import editing, flagging, improving, listing, rendering, search_log
from knowledge.checking import Problem
from knowledge.comparing import Row, compare
from knowledge.models import Article, ArticleRevision, Text, WorkingCopy

from .forms import PropertiesForm, languages

VERSIONS_SHOWN, REASONS_SHOWN = 8, 5


@dataclass(frozen=True)
class Screen:
    """What the editor shows beside the article: the text in the field, and what has to be said about it."""

    text: Text
    base: str  # stamp of the version that the text started from; stays when the page shows a newer one
    form: PropertiesForm
    summary: str = ""
    restored: WorkingCopy | None = None  # typed earlier and not saved
    theirs: ArticleRevision | None = None  # saved by somebody meanwhile; its stamp in `over` says that the author saw it
    error: str = ""
    problems: list[Problem] = field(default_factory=list)
    preview: rendering.Page | None = None
    status: int = 200


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: AgentRequest, pk: UUID) -> HttpResponse:
    user = request.user
    article = get_object_or_404(Article.objects.select_related("category", "owner").defer("search"), pk=pk)
    if request.method == "GET":
        return _show(request, article, _opened(article, user))
    typed = Text.of(request.POST.get("title", ""), request.POST.get("body", ""))
    form = PropertiesForm(request.POST, instance=Article.objects.get(pk=pk))
    screen = Screen(typed, request.POST.get("base", ""), form, request.POST.get("summary", "")[:200])
    if request.POST.get("action") == "preview":
        return _show(request, article, replace(screen, preview=rendering.render(typed.body[: editing.MOST_CHARACTERS])))
    if not form.is_valid():
        return _show(request, article, replace(screen, error=_("Nothing was saved yet: look at the marked field."), status=422))
    return _saved(request, article, screen)


def _opened(article: Article, user: User) -> Screen:
    newest = ArticleRevision.objects.newest_of(article)
    form = PropertiesForm(instance=article)
    copy = WorkingCopy.objects.filter(article=article, author=user).first()
    if copy is None:
        return Screen(newest.text, newest.stamp, form)
    outdated = copy.base != newest.stamp
    return Screen(copy.text, copy.base, form, restored=copy, theirs=newest if outdated else None)


def _saved(request: AgentRequest, article: Article, screen: Screen) -> HttpResponse:
    """Save, then do what the pressed button says. Whatever goes wrong, the text stays in the field."""
    user, done = request.user, request.POST.get("action", "save")
    base = request.POST.get("over") or screen.base
    try:
        version = editing.save(article, by=user, text=screen.text, base=base, summary=screen.summary, properties=screen.form.cleaned_data)
    except editing.EditConflict as conflict:
        return _show(request, article, replace(screen, theirs=conflict.theirs, error=conflict.detail, status=409))
    except HelpdeskError as refused:
        return _show(request, article, replace(screen, error=refused.detail, status=refused.status))
    screen = replace(screen, base=version.stamp)
    try:
        messages.success(request, _then(article, done, user, despite_problems="despite" in request.GET))
    except editing.NotReady as unready:
        return _show(request, _anew(article), replace(screen, problems=unready.problems, status=422))
    except HelpdeskError as refused:
        return _show(request, _anew(article), replace(screen, error=refused.detail, status=refused.status))
    return redirect("knowledge-edit", article.pk)


def _then(article: Article, done: str, user: User, *, despite_problems: bool) -> str:
    """What follows saving; returns the sentence that says so."""
    if done == "publish":
        editing.publish_newest(article, by=user, despite_problems=despite_problems)
        return _("Published. Readers see this version now.")
    if done == "review":
        editing.request_review(article, by=user)
        return _("Sent to review. Leads and supervisors see it in their list.")
    return _("Saved.")


def _anew(article: Article) -> Article:
    return Article.objects.select_related("category", "owner").get(pk=article.pk)


@login_required
@require_POST
def preview(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The text as readers will see it, as a part of the page."""
    text = Text.of(request.POST.get("title", ""), request.POST.get("body", "")[: editing.MOST_CHARACTERS])
    return render(request, "knowledge/console/preview.html", {"text": text, "preview": rendering.render(text.body)})


@login_required
@require_POST
def autosave(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Keep what was typed. Tells also when somebody saved another version meanwhile."""
    user, article = request.user, get_object_or_404(Article.objects.defer("search"), pk=pk)
    typed = {name: request.POST.get(name, "") for name in ("title", "body", "base")}
    try:
        editing.keep_working_copy(article, by=user, **typed)
    except HelpdeskError as refused:
        return JsonResponse({"error": refused.detail}, status=refused.status)
    newest = ArticleRevision.objects.newest_of(article)
    meanwhile = "" if newest.stamp == typed["base"] else str(newest.author_name or _("Someone"))
    return JsonResponse({"kept": True, "meanwhile": meanwhile})


@login_required
@require_POST
def discard(request: AgentRequest, pk: UUID) -> HttpResponse:
    article = get_object_or_404(Article, pk=pk)
    editing.discard_working_copy(article, by=request.user)
    messages.success(request, _("What was not saved is gone; this is the newest version."))
    return redirect("knowledge-edit", article.pk)


@login_required
@require_POST
def move(request: AgentRequest, pk: UUID) -> HttpResponse:
    """`to=draft` sends it back, `to=archived` takes it away from readers."""
    article = get_object_or_404(Article, pk=pk)
    verbs = {
        "draft": (editing.send_back, _("It is a draft again.")),
        "archived": (editing.archive, _("Archived. No reader finds it any more.")),
    }
    verb = verbs.get(request.POST.get("to", ""))
    if verb:
        try:
            verb[0](article, by=request.user)
            messages.success(request, verb[1])
        except HelpdeskError as refused:
            messages.error(request, refused.detail)
    return redirect("knowledge-edit", article.pk)


@login_required
@require_POST
def translate(request: AgentRequest, pk: UUID) -> HttpResponse:
    """`language=de` begins the same article in that language."""
    article = get_object_or_404(Article.objects.select_related("translation_of"), pk=pk)
    language = request.POST.get("language", "")
    if language not in dict(languages()):
        return redirect("knowledge-edit", article.pk)
    try:
        return redirect("knowledge-edit", editing.translate(article, language=language, by=request.user).pk)
    except HelpdeskError as refused:
        messages.error(request, refused.detail)
        return redirect("knowledge-edit", article.pk)


def _show(request: AgentRequest, article: Article, screen: Screen) -> HttpResponse:
    user = request.user
    versions = list(article.revisions.defer("body")[: VERSIONS_SHOWN + 1])
    context = {
        "article": article,
        "screen": screen,
        "difference": _difference(screen),
        "groups": listing.needing(user),
        "versions": versions[:VERSIONS_SHOWN],
        "more_versions": len(versions) > VERSIONS_SHOWN,
        "newest": versions[0] if versions else None,
        "files": list(article.files.all()),
        "writing": editing.others_writing(article, user),
        "numbers": _numbers(article),
        "leading": search_log.leading_to(article),
        "flags": [(one, flagging.stands(one.passage, article.body)) for one in article.flags.open().select_related("by")[: flagging.MOST]],
        "improve": improving.words_missing(article),
        "other_languages": editing.in_other_languages(article),
        "languages": languages(),
        "reasons": list(article.votes.exclude(reason="")[:REASONS_SHOWN]),
        "publisher": editing.may_publish(user),
        "most": editing.MOST_CHARACTERS,
    }
    return render(request, "knowledge/console/editor.html", context, status=screen.status)


def _difference(screen: Screen) -> list[Row]:
    return compare(screen.theirs.body, screen.text.body) if screen.theirs else []


def _numbers(article: Article) -> dict[str, Any]:
    """Votes, and the solved work that this article answered."""
    votes = article.helpful_count + article.not_helpful_count
    solved = article.cases.aggregate(all=Count("pk"), tickets=Count("pk", filter=Q(source_kind="ticket")))
    return {
        "votes": votes,
        "helpful": round(100 * article.helpful_count / votes) if votes else None,
        "avoided": search_log.avoided(article),
        **solved,
    }
