"""Pages of a customer's own requests, for whoever followed the link to their mailbox."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from customers import customer_session
from customers.access_log import note_read
from customers.visit_views import door
from tickets import requests, tracking


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_requests(request: HttpRequest) -> HttpResponse:
    """The list for a browser that followed its link; the door for every other one."""
    visit = customer_session.visit_of(request)
    if visit is None or request.method == "POST":
        return door(request, customer_session.REQUESTS)
    if visit.customer:
        note_read(visit.customer, visit.customer.pk, "own requests")
    rows = list(requests.requests_of(visit.address)[: requests.SHOWN])
    return render(request, "tickets/public/requests.html", {"visit": visit, "rows": rows})


@never_cache
@login_not_required
@require_safe
def one_request(request: HttpRequest, number: str) -> HttpResponse:
    """Goes to the request's own page, by a link of its own. What is not theirs is not there."""
    visit = customer_session.visit_of(request)
    ticket = requests.requests_of(visit.address).filter(number=number.upper()).first() if visit else None
    if visit is None or ticket is None:
        raise Http404
    return redirect(tracking.link_for(ticket, visit.address))
