"""The card that rings anywhere in the console."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from assist.calls import ringing
from assist.models import CallSession
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest


@login_required
@require_GET
def rings(request: AgentRequest) -> HttpResponse:
    """What rings for this agent; empty most of the time."""
    return _cards(request)


@login_required
@require_POST
def answer(request: AgentRequest, session_id: UUID) -> HttpResponse:
    """Accept: to the call's page."""
    try:
        ringing.accept(_ringing(request, session_id), by=request.user)
    except HelpdeskError as error:
        messages.error(request, error.detail)
        return redirect("calls")
    return redirect("call", session_id)


@login_required
@require_POST
def decline(request: AgentRequest, session_id: UUID) -> HttpResponse:
    ringing.decline(_ringing(request, session_id), by=request.user)
    return _cards(request) if request.htmx else redirect("calls")


def _cards(request: AgentRequest) -> HttpResponse:
    return render(request, "assist/call/rings.html", {"rings": ringing.rings(request.user), "running": ringing.running(request.user)})


def _ringing(request: AgentRequest, session_id: UUID) -> CallSession:
    found = CallSession.objects.visible_to(request.user).with_people().filter(session_id=session_id).first()
    if found is None or found.agent_id not in (None, request.user.pk):
        raise Http404
    return found
