"""What people looked for, and what is missing."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from helpdesk.core.requests import AgentRequest
from knowledge import editing, flagging, search_log
from knowledge import gaps as missing

PERIODS = (30, 90)
MISSING_SHOWN = 20


@login_required
@require_safe
def gaps(request: AgentRequest) -> HttpResponse:
    """Four lists; the fifth, asked and not answered, comes from the assistant by address."""
    context = {
        "searched": search_log.looked_for(days=PERIODS[0], only_missing=True, most=MISSING_SHOWN),
        "flagged": flagging.to_improve()[: flagging.MOST],
        "not_helpful": missing.not_helpful(),
        "due": missing.review_due(),
        "solving": missing.solving_most(),
        "publisher": editing.may_publish(request.user),
    }
    return render(request, "knowledge/console/gaps.html", context)


@login_required
@require_safe
def searches(request: AgentRequest) -> HttpResponse:
    """`?days=30|90&only=missing`: every query, how often, and what came of it."""
    days = next((days for days in PERIODS if str(days) == request.GET.get("days")), PERIODS[0])
    only = request.GET.get("only") == "missing"
    found = search_log.looked_for(days=days, only_missing=only)
    context = {"found": found, "days": days, "periods": PERIODS, "only": only, "publisher": editing.may_publish(request.user)}
    return render(request, "knowledge/console/searches.html", context)
