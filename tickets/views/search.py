"""Search over tickets and messages: a page, and the palette (Ctrl K)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from customers.access_log import note_read
from helpdesk.core.requests import AgentRequest
from tickets import listing, searching

MOST_FOUND = 50
MOST_IN_PALETTE = 8
VIEW = listing.View("all", "", "search", lambda tickets, _viewer: tickets)


@login_required
@require_GET
def search(request: AgentRequest) -> HttpResponse:
    """`?q=` words, a number or an address. `?part=palette` gives the menu's items."""
    text = request.GET.get("q", "").strip()
    palette = request.GET.get("part") == "palette"
    most = MOST_IN_PALETTE if palette else MOST_FOUND
    found = list(listing.for_rows(searching.search(text, viewer=request.user), request.user)[: most + 1]) if text else []
    note_read(request.user, {ticket.customer_id for ticket in found[:most]}, "search", text)
    rows = listing.rows_of(found[:most], listing.SORTS[1], request.user)
    context = {"q": text, "rows": rows, "more": len(found) > most, "page": {"view": VIEW, "sort": listing.SORTS[1]}}
    if palette:
        return render(request, "tickets/palette.html", context)
    context |= {"rail": listing.rail(request.user), "rail_template": "tickets/rail.html"}
    return render(request, "tickets/search.html", context)
