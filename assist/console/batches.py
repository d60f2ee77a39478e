"""Triage of a backlog in the console: choose, start, look on, stop, go on, take back. For supervisors and admins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assist import tasks
from assist.models import TriageBatch, TriageBatchPiece
from assist.triage import backlog
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from helpdesk.core.tasks import send_quietly
from knowledge.models import Category
from tickets.models import Queue, Ticket

SHOWN = 10
PAGE = 50
LISTS = {"changed": gettext_lazy("Changed"), "failed": gettext_lazy("Failed"), "all": gettext_lazy("All")}
DAYS = (1, 7, 30, 90, 365)
LABELS = {
    "category": gettext_lazy("Category"),
    "priority": gettext_lazy("Priority"),
    "queue": gettext_lazy("Team"),
    "assignee": gettext_lazy("Assignee"),
    "escalation": gettext_lazy("Escalated"),
    "incident": gettext_lazy("Linked to an incident"),
}


@login_required
@require_http_methods(["GET", "POST"])
def index(request: AgentRequest) -> HttpResponse:
    """The filters with how many tickets they mean; a post starts a batch of them."""
    user, error = _overseer(request), ""
    given = request.POST if request.method == "POST" else request.GET
    wanted = {name: given[name].replace("\x00", "")[:60] for name in backlog.CHOICES if given.get(name)}
    if request.method == "POST":
        try:
            batch = backlog.start(wanted, by=user)
        except HelpdeskError as refused:
            error = refused.detail
        else:
            _ask(batch)
            return redirect("triage-batch", batch.pk)
    batches = list(TriageBatch.objects.select_related("started_by")[:SHOWN])
    counts = backlog.counts(batches)
    context = {
        "wanted": wanted,
        "filters": _filters(wanted),
        "number": backlog.chosen(wanted, user).count(),
        "batches": [(one, counts[one.pk]) for one in batches],
        "error": error,
    }
    return render(request, "assist/evaluation/batches.html", context, status=422 if error else 200)


@login_required
@require_safe
def one(request: AgentRequest, pk: UUID) -> HttpResponse:
    """How far it is, then the report: `?show=changed|failed|all`. `?part=1` is the middle of the page, which asks again while it runs."""
    _overseer(request)
    batch = get_object_or_404(TriageBatch.objects.select_related("started_by", "undone_by"), pk=pk)
    counts = backlog.counts([batch])[batch.pk]
    context: dict[str, Any] = {
        "batch": batch,
        "counts": counts,
        "by_field": [(LABELS[name], counts[name]) for name in backlog.FIELDS if counts[name]],
        "chosen": [f"{row['label']}: {words}" for row in _filters(batch.chosen) for value, words, picked in row["choices"] if picked],
    }
    if not batch.is_busy:
        show = request.GET.get("show", "changed")
        rows = _rows(batch, show).select_related("ticket", "run").order_by("pk")
        page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
        lines = [(piece, [(LABELS[name], piece.changes[name]) for name in backlog.FIELDS if name in piece.changes]) for piece in page]
        context |= {"page": page, "lines": lines, "show": show, "lists": LISTS.items()}
    template = "batch_part" if "part" in request.GET else "batch"
    return render(request, f"assist/evaluation/{template}.html", context)


@login_required
@require_POST
def act(request: AgentRequest, pk: UUID) -> HttpResponse:
    """`act`: stop, go (on), undo."""
    user = _overseer(request)
    batch = get_object_or_404(TriageBatch, pk=pk)
    verbs = {"stop": backlog.stop, "go": backlog.go_on, "undo": backlog.undo}
    if request.POST.get("act") not in verbs:
        return HttpResponseBadRequest()
    try:
        verbs[request.POST["act"]](batch, by=user)
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    else:
        _ask(batch)
    return redirect("triage-batch", pk)


def _ask(batch: TriageBatch) -> None:
    transaction.on_commit(lambda: send_quietly(tasks.work_on_batch, str(batch.pk)))


def _rows(batch: TriageBatch, show: str) -> Any:
    pieces = batch.pieces.all()
    if show == "failed":
        return pieces.failed()
    return pieces.exclude(changes={}) if show == "changed" else pieces.exclude(state=TriageBatchPiece.State.WAITING)


def _filters(wanted: dict[str, str]) -> list[dict[str, Any]]:
    """The selects of the form: name, label and (value, words, chosen) of each choice."""
    choices: list[tuple[str, Any, list[tuple[str, Any]]]] = [
        ("queue", _("Team"), list(Queue.objects.order_by("position", "name").values_list("slug", "name"))),
        ("category", _("Category"), [("none", _("None yet")), *Category.objects.values_list("slug", "name")]),
        ("priority", _("Priority"), list(Ticket.Priority.choices)),
        ("days", _("Arrived"), [(str(days), _("within %(n)d days") % {"n": days}) for days in DAYS]),
        ("unread", _("Triage"), [("1", _("Never read"))]),
        ("unassigned", _("Assignee"), [("1", _("Nobody"))]),
    ]
    return [
        {"name": name, "label": label, "choices": [(value, words, wanted.get(name) == value) for value, words in values]}
        for name, label, values in choices
    ]


def _overseer(request: AgentRequest) -> User:
    if not request.user.oversees:
        raise PermissionDenied
    return request.user
