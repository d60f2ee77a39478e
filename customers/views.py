"""The customer's card in the panel beside a ticket."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from customers.models import Customer
from helpdesk.core.requests import AgentRequest


@login_required
@require_GET
def card(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Who this is: addresses, plan, language, local time."""
    customers = Customer.objects.visible_to(request.user).select_related("organisation").prefetch_related("contact_points")
    customer = customers.filter(pk=pk).first()
    if customer is None:
        raise Http404
    known = list(customer.attributes.items())
    return render(request, "customers/card.html", {"customer": customer, "known": known, "local_time": local_time(customer.time_zone)})


def local_time(name: str) -> str:
    """ "14:23" where the customer is; "" when we do not know where that is."""
    try:
        return f"{timezone.now().astimezone(ZoneInfo(name)):%H:%M}" if name else ""
    except (ZoneInfoNotFoundError, ValueError):
        return ""
