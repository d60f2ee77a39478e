"""The assist panel and the draft beside a ticket: shown in the console by address, never imported by it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assist import copilot, panel
from assist.actions import deciding
from assist.gaps import unanswered
from assist.models import Draft, Suggestion, TriageRun
from assist.triage import arrival
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest
from tickets import merging
from tickets.models import Ticket


@login_required
@require_GET
def ticket_panel(request: AgentRequest, pk: UUID) -> HttpResponse:
    offered = panel.panel(_ticket(request, pk), request.user)
    response = _shown(request, offered)
    if not offered.ticket.reads_along:  # type: ignore[attr-defined]  # nothing was offered to them
        panel.shown(offered, request.user)
    return response


@login_required
@require_GET
def ticket_draft(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The draft that waits, or one line on why there is none, or nothing."""
    ticket = _ticket(request, pk)
    draft = None if ticket.reads_along else panel.draft_for(ticket)  # type: ignore[attr-defined]
    if draft is None:
        return HttpResponse("")
    if draft.confidence >= panel.SHOWN_FROM:
        copilot.shown(draft)
    return _draft_shown(request, draft)


def _draft_shown(request: AgentRequest, draft: Draft, *, refused: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "draft": draft,
        "pieces": panel.with_cites(draft.text),
        "plain": panel.as_sent(draft.text),
        "seconds": draft.ms / 1000,
    }
    context |= {
        "weak": draft.confidence < panel.SHOWN_FROM,
        "percent": round(draft.confidence * 100),
        "check": draft.confidence < panel.CHECK_BELOW,
        "question": not draft.confidence and not draft.sources,
        "by_model": draft.engine != "local",
        "ways": copilot.WAYS.items(),
        "changing": copilot.wanted(draft),
        "refused": refused or copilot.refusal(draft),
        "outdated": panel.is_outdated(draft),
    }
    return render(request, "assist/draft.html", context | _rating(draft.pk, panel.rating_of(draft, request.user)))


@login_required
@require_GET
def run(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Every step of one run, with its time and its answer."""
    found = TriageRun.objects.filter(pk=pk, ticket__in=Ticket.objects.visible_to(request.user)).prefetch_related("steps").first()
    if found is None:
        raise Http404
    return render(request, "assist/run.html" if request.htmx else "assist/run_page.html", {"run": found})


@login_required
@require_POST
def run_again(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Read the message once more, with today's rules and articles. What people decided stays."""
    found = TriageRun.objects.visible_to(request.user).select_related("ticket", "message").filter(pk=pk).first()
    if found is None:
        raise Http404
    try:
        return redirect("assist-run", arrival.understand_again(found).pk)
    except HelpdeskError as error:
        messages.error(request, error.detail)
        return redirect("assist-run", pk)


@login_required
@require_GET
def gaps(request: AgentRequest) -> HttpResponse:
    """What recent tickets ask and no article answers: a part of the knowledge pages."""
    return render(request, "assist/gaps.html", {"gaps": unanswered(request.user)})


@login_required
@require_POST
def use_draft(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The draft went into the field. What is sent of it is measured when it is sent."""
    draft = _draft(request, pk)
    copilot.accept(draft, by=request.user)
    return HttpResponse(status=204)


@login_required
@require_POST
def dismiss_draft(request: AgentRequest, pk: UUID) -> HttpResponse:
    copilot.dismiss(_draft(request, pk), by=request.user)
    return HttpResponse(status=204)


@login_required
@require_POST
def stop_draft(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The model need not write on: the draft stays as it is."""
    draft = _draft(request, pk)
    copilot.stop(draft)
    draft.refresh_from_db(fields=["wish"])
    return _draft_shown(request, draft) if request.htmx else HttpResponse(status=204)


@login_required
@require_POST
def rewrite_draft(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The draft otherwise: `way` one of copilot.WAYS, `instruction` in the agent's words. A model's comes when it is written; until then,
    and where it is refused, the draft stays and says so."""
    draft, way = _draft(request, pk), request.POST.get("way") or "again"
    try:
        return _draft_shown(request, copilot.ask(draft, way, by=request.user, instruction=request.POST.get("instruction", "")))
    except HelpdeskError as error:
        return _draft_shown(request, panel.draft_for(draft.ticket) or draft, refused=error.detail)


@login_required
@require_POST
def rate_draft(request: AgentRequest, pk: UUID) -> HttpResponse:
    draft, feedback = _draft(request, pk), _feedback(request)
    with transaction.atomic():
        draft.ticket.record("suggestion.rated", subject=draft, by=request.user, feedback=feedback)
    return render(request, "assist/feedback.html", _rating(pk, feedback))


@login_required
@require_POST
def rate(request: AgentRequest, pk: int) -> HttpResponse:
    """Helpful, not helpful, irrelevant. One press, changeable."""
    suggestion, feedback = _suggestion(request, pk), _feedback(request)
    with transaction.atomic():
        Suggestion.objects.filter(pk=pk).update(agent_feedback=feedback)
        if suggestion.ticket:
            suggestion.ticket.record("suggestion.rated", subject=suggestion, by=request.user, suggestion=pk, feedback=feedback)
    context = {"url": reverse("suggestion-rate", args=[pk]), "what": suggestion.title, "chosen": feedback, "id": f"rate-{pk}"}
    return render(request, "assist/feedback.html", context)


@login_required
@require_POST
def clicked(request: AgentRequest, pk: int) -> HttpResponse:
    """Opened or inserted by an agent."""
    Suggestion.objects.filter(pk=_suggestion(request, pk).pk).update(agent_clicked=True)
    return HttpResponse(status=204)


@login_required
@require_POST
def differs(request: AgentRequest, pk: int) -> HttpResponse:
    """What was taken for the same request is another one: the merge is not proposed again, whatever triage finds later."""
    suggestion = _suggestion(request, pk)
    Suggestion.objects.filter(pk=pk).update(agent_feedback=Suggestion.Feedback.IRRELEVANT)
    if suggestion.ticket is None:
        raise Http404
    if not request.htmx:
        return redirect(suggestion.ticket)
    return _shown(request, panel.panel(_ticket(request, suggestion.ticket.pk), request.user))


@login_required
@require_POST
def apply(request: AgentRequest, pk: int) -> HttpResponse:
    """Do what an action suggests; what that is, its kind says."""
    return _decided(request, _action(request, pk), deciding.approve)


@login_required
@require_POST
def dismiss(request: AgentRequest, pk: int) -> HttpResponse:
    """Not now: it is not shown again until the customer writes again."""
    return _decided(request, _action(request, pk), partial(deciding.dismiss, reason=request.POST.get("reason", "")))


@login_required
@require_POST
def undo(request: AgentRequest, pk: int) -> HttpResponse:
    return _decided(request, _action(request, pk), deciding.undo)


def _decided(request: AgentRequest, suggestion: Suggestion, deed: Callable[..., None]) -> HttpResponse:
    refused = ""
    try:
        deed(suggestion, by=request.user)
    except HelpdeskError as error:
        if not request.htmx:
            return HttpResponse(error.detail, status=422)
        refused = error.detail
    ticket = panel.find(request.user, suggestion.ticket_id) if suggestion.ticket_id else None
    if ticket is None:  # it is another team's now
        return HttpResponse(status=204, headers={"HX-Refresh": "true"}) if request.htmx else redirect("inbox")
    return _shown(request, panel.panel(ticket, request.user), refused=refused) if request.htmx else redirect(merging.survivor(ticket))


def _rating(pk: UUID, chosen: str) -> dict[str, str]:
    """What the three rating buttons of a draft need."""
    return {"url": reverse("draft-rate", args=[pk]), "what": _("draft"), "chosen": chosen, "id": f"rate-{pk}"}


def _shown(request: AgentRequest, offered: panel.Panel, *, refused: str = "") -> HttpResponse:
    for suggestion in offered.articles:
        suggestion.rate_url, suggestion.rate_id = reverse("suggestion-rate", args=[suggestion.pk]), f"rate-{suggestion.pk}"  # type: ignore[attr-defined]
    return render(
        request, "assist/panel.html", {"panel": offered, "site": settings.SITE_URL, "refused": refused, "reasons": deciding.REASONS.items()}
    )


def _ticket(request: AgentRequest, pk: UUID) -> Ticket:
    ticket = panel.find(request.user, pk)
    if ticket is None:
        raise Http404
    return ticket


def _draft(request: AgentRequest, pk: UUID) -> Draft:
    """For those who may answer: who only reads along is shown no draft."""
    answerable = Ticket.objects.visible_to(request.user).exclude(pk__in=Ticket.objects.read_along_by(request.user).values("pk"))
    draft = Draft.objects.select_related("ticket").filter(pk=pk, ticket__in=answerable).first()
    if draft is None:
        raise Http404
    return draft


def _suggestion(request: AgentRequest, pk: int) -> Suggestion:
    visible = Ticket.objects.visible_to(request.user)
    suggestion = Suggestion.objects.select_related("ticket").filter(pk=pk, ticket__in=visible).first()
    if suggestion is None:
        raise Http404
    return suggestion


def _action(request: AgentRequest, pk: int) -> Suggestion:
    suggestion = _suggestion(request, pk)
    if suggestion.suggestion_type != Suggestion.Type.ACTION:
        raise Http404
    return suggestion


def _feedback(request: AgentRequest) -> str:
    feedback = request.POST.get("feedback", "")
    if feedback not in Suggestion.Feedback.values:
        raise Http404
    return feedback
