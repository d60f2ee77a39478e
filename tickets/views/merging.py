"""Making one ticket of two, with a look before; and two of one again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest
from tickets import merging
from tickets.models import Ticket, TicketMerge

OTHERS = 8  # of the same customer, to choose from


@login_required
@require_http_methods(["GET", "POST"])
def merge(request: AgentRequest, number: str) -> HttpResponse:
    """Choose the ticket to keep (`?with=`), look at what would move, and do it (POST `with`)."""
    merged = _ticket(request, number)
    given = request.POST if request.method == "POST" else request.GET
    wanted = given.get("with", "").replace("\x00", "").strip().upper()[:24]
    kept = Ticket.objects.visible_to(request.user).select_related("customer").filter(number=wanted).first() if wanted else None
    context: dict[str, Any] = {
        "merged": merged,
        "kept": kept,
        "wanted": wanted,
        "error": "",
        "preview": None,
        "others": _others(request, merged),
    }
    try:
        if kept is not None and request.method == "POST":
            merging.merge(kept=kept, merged=merged, by=request.user)
            messages.success(request, _("%(merged)s is now part of %(kept)s") % {"merged": merged.number, "kept": kept.number})
            return redirect(kept)
        if kept is not None:
            context["preview"] = merging.preview(kept, merged)
        elif wanted:
            context["error"] = _("There is no ticket %(number)s that you may see") % {"number": wanted}
    except HelpdeskError as refused:
        context["error"] = refused.detail
    return render(request, "tickets/merge.html", context, status=422 if context["error"] else 200)


@login_required
@require_POST
def undo(request: AgentRequest, pk: UUID) -> HttpResponse:
    """For thirty days."""
    visible = Ticket.objects.visible_to(request.user)
    done = get_object_or_404(TicketMerge.objects.select_related("merged"), pk=pk, kept__in=visible, merged__in=visible)
    try:
        merging.undo(done, by=request.user)
        messages.success(request, _("They are two tickets again"))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    return redirect(done.merged)


def _others(request: AgentRequest, merged: Ticket) -> list[Ticket]:
    theirs = Ticket.objects.visible_to(request.user).active().filter(customer=merged.customer_id, merged_into=None)
    return list(theirs.exclude(pk=merged.pk).order_by("-created_at")[:OTHERS])


def _ticket(request: AgentRequest, number: str) -> Ticket:
    found = Ticket.objects.visible_to(request.user).select_related("customer").filter(number=number.upper()).first()
    if found is None:
        raise Http404
    return found
