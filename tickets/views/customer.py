"""What the ticket's panel says of the customer's other tickets."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from helpdesk.core.requests import AgentRequest
from tickets.models import Ticket

MOST_OPEN, MOST_PAST = 5, 8


@login_required
@require_GET
def others(request: AgentRequest, number: str) -> HttpResponse:
    """Other open tickets of the customer's organisation, and the customer's past."""
    mine = Ticket.objects.visible_to(request.user)
    ticket = mine.select_related("customer", "organisation").filter(number=number.upper()).first()
    if ticket is None:
        raise Http404
    around = mine.filter(organisation=ticket.organisation) if ticket.organisation else mine.filter(customer=ticket.customer)
    open_ones = around.active().exclude(pk=ticket.pk).select_related("customer", "queue").order_by("due_at")[:MOST_OPEN]
    past = mine.filter(customer=ticket.customer).exclude(pk=ticket.pk).order_by("-created_at")[:MOST_PAST]
    return render(request, "tickets/others.html", {"others": list(open_ones), "past": list(past), "organisation": ticket.organisation})
