"""The supervisors' dashboard, the tickets behind each of its numbers, and what the numbers mean."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.backoffice import figures
from helpdesk.backoffice.metrics import behind, board, targets
from helpdesk.backoffice.metrics.definitions import DEFINITIONS
from helpdesk.backoffice.metrics.scope import CLOCKS, PERIODS, Scope
from helpdesk.core import spreadsheets
from helpdesk.core.audit import note
from helpdesk.core.models import AuditEntry, User
from helpdesk.models import ReportSubscription
from knowledge.models import Category
from tickets.models import Queue, Ticket

from .people import supervisors_only

PAGE = 50  # tickets
MOST_ROWS = 10_000  # of a spreadsheet


@supervisors_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The whole board; htmx asks for its tiles again every five seconds. `?wallboard=1` is for a screen on a wall."""
    scope = Scope.asked(request.GET)
    context = shown(scope) | {"wallboard": request.GET.get("wallboard") == "1"}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "dashboard/board.html", context)
    return render(request, "dashboard/index.html", context | _choices(scope))


def shown(scope: Scope) -> dict[str, Any]:
    """What `dashboard/board.html` shows: here and on the front page of the back office."""
    return {"board": board.of(scope), "scope": scope}


def _choices(scope: Scope) -> dict[str, Any]:
    return {
        "periods": [(name, label) for name, (_days, label) in PERIODS.items()],
        "clocks": CLOCKS.items(),
        "queues": Queue.objects.all(),
        "channels": Ticket.Channel.choices,
        "scope": scope,
    }


@supervisors_only
@require_safe
def tickets(request: HttpRequest) -> HttpResponse:
    """The tickets that one number counts, newest first: `of`, and the scope's own parameters. `?form=csv` for a spreadsheet."""
    scope, name = Scope.asked(request.GET), request.GET.get("of", "")
    if name not in behind.LISTINGS:
        raise Http404
    found = behind.tickets(name, scope).select_related("customer", "queue", "assignee").order_by("-created_at", "id")
    slug = request.GET.get("category", "")
    category = Category.objects.filter(slug=slug).first() if slug and "\x00" not in slug else None
    if category:
        found = found.filter(category=category)
    if agent := _agent(request.GET.get("agent", "")):
        found = found.filter(assignee=agent)
    if request.GET.get("form") == "csv":
        return _spreadsheet(name, found)
    shown = found.defer("analysis").prefetch_related("customer__contact_points")
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    listing = behind.LISTINGS[name]
    context = {"page": page, "listing": listing, "scope": scope, "category": category, "of": name, "query": _without_page(request)}
    return render(request, "dashboard/tickets.html", context | _choices(scope))


def _agent(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _without_page(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def _spreadsheet(name: str, found: Any) -> HttpResponse:
    head = ["number", "subject", "status", "priority", "team", "assignee", "channel", "created", "first reply", "solved"]
    chosen = list(found.defer("analysis")[:MOST_ROWS])
    note(AuditEntry.Act.EXPORTED, "tickets_ticket", label=name, after={"rows": len(chosen)})
    return spreadsheets.download(name, head, (_cells(one) for one in chosen))


def _cells(one: Ticket) -> list[Any]:
    who, times = one.assignee.name if one.assignee else "", (one.created_at, one.first_response_at, one.resolved_at)
    cells = [one.number, one.subject, one.status, one.priority, one.queue.name, who, one.channel]
    return cells + [at.isoformat() if at else "" for at in times]


@supervisors_only
@require_safe
def definitions(request: HttpRequest) -> HttpResponse:
    """What every figure means, and what is aimed at."""
    scope = Scope.asked(request.GET)
    aims = targets.current(scope.queue)
    meanings = [(one, figures.said(one, aims[name]) if one.aims else "") for name, one in DEFINITIONS.items()]
    return render(request, "dashboard/definitions.html", {"definitions": meanings, "scope": scope})


@supervisors_only
@require_http_methods(["POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Whether I get the figures by mail: `often`."""
    often, me = request.POST.get("often", ""), cast(User, request.user)
    if often not in ReportSubscription.Often.values:
        return HttpResponse(_("Choose one of the choices."), status=422)
    ReportSubscription.objects.update_or_create(user=me, defaults={"often": often})
    return redirect("alerts")
