"""The customer's card in the panel beside a ticket."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from customers import tasks
from customers.access_log import note_read
from customers.crm import looking_up
from customers.known import in_short
from customers.models import Customer
from helpdesk.core.requests import AgentRequest
from helpdesk.core.tasks import send_quietly


@login_required
@require_GET
def card(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Who this is: addresses, plan, language, local time."""
    customers = Customer.objects.visible_to(request.user).select_related("organisation").prefetch_related("contact_points")
    customer = customers.filter(pk=pk).first()
    if customer is None:
        raise Http404
    note_read(request.user, customer.pk, "card", reason(request))
    context = {
        "customer": customer,
        "known": list(customer.attributes.items()),
        "facts": in_short(customer, request.user),
        "local_time": local_time(customer.time_zone),
        "crm": looking_up.is_connected(),
    }
    return render(request, "customers/card.html", context)


@login_required
@require_GET
def crm(request: AgentRequest, pk: UUID) -> HttpResponse:
    """What the CRMs say of this customer, with its age. What is old is asked for in the background; nobody waits."""
    customer = Customer.objects.visible_to(request.user).filter(pk=pk).first()
    if customer is None:
        raise Http404
    note_read(request.user, customer.pk, "CRM", reason(request))
    heard = looking_up.heard(customer)
    if any(one.is_stale and not one.is_asked and not one.is_paused for one in heard) and "again" not in request.GET:
        send_quietly(tasks.ask_crm, str(customer.pk))
        heard = [replace(one, is_asked=one.is_stale) for one in heard]
    return render(request, "customers/crm.html", {"customer": customer, "heard": heard})


def reason(request: AgentRequest) -> str:
    """Why somebody looks: the page of ours beside which, or from which, they do."""
    return urlsplit(request.htmx.current_url or request.headers.get("Referer", "")).path


def local_time(name: str) -> str:
    """ "14:23" where the customer is; "" when we do not know where that is."""
    try:
        return f"{timezone.now().astimezone(ZoneInfo(name)):%H:%M}" if name else ""
    except (ZoneInfoNotFoundError, ValueError):
        return ""
