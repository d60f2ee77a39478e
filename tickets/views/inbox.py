"""The console's page: list, open ticket, panel. The same address answers htmx with the part that it asked for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from customers.access_log import note_read
from helpdesk.core.requests import AgentRequest
from knowledge.models import Incident
from tickets import linking, listing, thread
from tickets.models import Queue, StatusLink, Ticket

PANES = ("list", "thread", "assist")
TABS = ("assist", "customer", "details")


@login_required
@require_GET
def inbox(request: AgentRequest) -> HttpResponse:
    return _page(request, "mine", "")


@login_required
@require_GET
def view(request: AgentRequest, view: str) -> HttpResponse:
    """One view's list; `?part=rows&after=…` is the page behind a cursor, `?part=list` the whole pane."""
    return _page(request, view, "")


@login_required
@require_GET
def console(request: AgentRequest, view: str, number: str) -> HttpResponse:
    """A ticket opened from a view."""
    return _page(request, view, number)


@login_required
@require_GET
def ticket(request: AgentRequest, number: str) -> HttpResponse:
    """The ticket's lasting address, whatever view it is in."""
    return _page(request, "all", number)


@login_required
@require_POST
def take_next(request: AgentRequest) -> HttpResponse:
    """Give the most urgent ticket that nobody has to whoever asks; two who ask at once get two tickets."""
    waiting = listing.VIEWS[2].tickets(request.user).exclude(queue__in=Queue.objects.read_along_by(request.user))
    for candidate in listing.SORTS[0].apply(waiting)[:10]:
        if candidate.take(by=request.user):
            return redirect("console", "mine", candidate.number)
    messages.info(request, _("Nothing is waiting without an owner"))
    return redirect("inbox")


@login_required
@require_GET
def counts(request: AgentRequest) -> HttpResponse:
    """The rail below the areas, for pages outside the inbox."""
    return render(request, "tickets/rail.html", {"rail": listing.rail(request.user), "alone": True})


def _page(request: AgentRequest, slug: str, number: str) -> HttpResponse:
    part = request.GET.get("part", "")
    opening = bool(request.htmx) and not request.htmx.history_restore_request and not request.htmx.boosted and number and not part
    context = _ticket(request, slug, number) if number else {}
    if number and not part:  # parts are read anew by a page that was noted
        note_read(request.user, context["work"].ticket.customer_id, "ticket", number.upper())
    if opening:
        return render(request, "tickets/opened.html", {**context, "page": {"view": _named(request, slug)}, "oob": True})
    if part == "thread" and number:
        return render(request, "tickets/thread.html", context)
    context |= _list(request, slug, number)
    if part == "rows":
        return render(request, "tickets/more_rows.html", context)
    if part == "list":
        return render(request, "tickets/list.html", context)
    context |= {
        "rail_template": "tickets/rail.html",
        "banner": _banner(request, context["work"].ticket if number else None),
        "pane": _pane(request, number),
    }
    return render(request, "tickets/console.html", context)


def _named(request: AgentRequest, slug: str) -> listing.View:
    """The view of that name without its numbers: enough for links."""
    known = next((view for view in listing.VIEWS if view.slug == slug), None)
    return known or listing.View(slug, slug.removeprefix(listing.TEAM), "", lambda tickets, _viewer: tickets.none())


def _list(request: AgentRequest, slug: str, number: str) -> dict[str, Any]:
    rail = listing.rail(request.user, slug)
    view = rail.find(slug)
    if view is None:
        raise Http404
    page = listing.page(request.user, view, view.sort(request.GET.get("sort", "")), after=request.GET.get("after", ""), counts=rail)
    context = {"rail": rail, "page": page, "current": number.upper()}
    if not page.rows:
        unassigned = rail.find("unassigned")
        context |= {"unassigned": unassigned.count if unassigned else 0, "first_run": not Ticket.objects.exists()}
    return context


def _ticket(request: AgentRequest, slug: str, number: str) -> dict[str, Any]:
    ticket = thread.find(request.user, number)
    if ticket is None:
        raise Http404
    work = thread.workspace(ticket, request.user, everything="all" in request.GET)
    thread.mark_read(ticket, request.user)
    tab = request.GET.get("tab", "")
    return {"work": work, "tab": tab if tab in TABS else "assist"}


def _pane(request: AgentRequest, number: str) -> str:
    asked = request.GET.get("pane", "")
    return asked if number and asked in PANES else "thread" if number else "list"


def _banner(request: AgentRequest, ticket: Ticket | None) -> dict[str, Any]:
    """What the banner says: the incident of the open ticket, else the newest one; how many tickets come of it; what else is open."""
    going_on = list(Incident.objects.open()[:9])
    if not going_on:
        return {"incident": None}
    tied = set(StatusLink.objects.present().filter(ticket=ticket).values_list("incident", flat=True)) if ticket else set()
    shown = next((one for one in going_on if one.pk in tied), going_on[0])
    linked = linking.tickets_of(shown, request.user).active().count()
    return {"incident": shown, "linked": linked, "others": len(going_on) - 1, "tied": shown.pk in tied}
