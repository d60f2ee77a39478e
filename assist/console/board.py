"""The supervisors' board of running calls, and the whisper to an agent."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from assist.calls import desk, stamps
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest

from .calls import call_of, overseeing, refused


@login_required
@require_GET
def board(request: AgentRequest) -> HttpResponse:
    """Running calls, what burns first. htmx asks for the rows again every five seconds, and when one starts or ends."""
    if not overseeing(request):
        raise Http404
    rows = "assist/call/standings.html" if request.htmx else "assist/call_board.html"
    return render(request, rows, {"board": desk.board(request.user)})


@login_required
@require_POST
def whisper(request: AgentRequest, session_id: UUID) -> HttpResponse:
    """Words for the agent's screen alone."""
    found = call_of(request, session_id)
    if not overseeing(request) or found.agent_id == request.user.pk:
        raise Http404
    try:
        stamps.whisper(found, by=request.user, text=request.POST.get("text", ""))
    except HelpdeskError as error:
        return refused(request, found, error)
    if not request.htmx:
        return redirect("call", session_id)
    return HttpResponse(status=204)
