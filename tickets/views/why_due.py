"""Why is this due at 14:05? The ledger of a ticket's promises: a popover on the ticket, and a page of its own."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from helpdesk.core.requests import AgentRequest
from tickets.models import Ticket
from tickets.sla import ledger


@login_required
@require_safe
def why_due(request: AgentRequest, number: str) -> HttpResponse:
    ticket = Ticket.objects.visible_to(request.user).filter(number=number.upper()).first()
    if ticket is None:
        raise Http404
    context = {"ticket": ticket, "accounts": ledger.accounts(ticket)}
    return render(request, "tickets/why_due/lines.html" if request.htmx else "tickets/why_due/page.html", context)
