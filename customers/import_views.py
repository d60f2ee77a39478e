"""Bringing customers in: upload, check the columns, try, import. For leads, supervisors and admins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import import_runs, importing, tasks
from customers.models import CustomerImport
from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from helpdesk.core.tasks import send_quietly

RUNS_SHOWN = 10
MAY = (User.Role.LEAD, User.Role.SUPERVISOR, User.Role.ADMIN)
LABELS = {
    "external_id": gettext_lazy("Id in the other system"),
    "name": gettext_lazy("Name"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "organisation": gettext_lazy("Organisation"),
    "tier": gettext_lazy("Plan"),
    "title": gettext_lazy("Job title"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "technical_level": gettext_lazy("Technical level"),
}


@login_required
@require_http_methods(["GET", "POST"])
def imports(request: AgentRequest) -> HttpResponse:
    """The way in, and what was imported before."""
    user, error = _importer(request), ""
    if request.method == "POST":
        try:
            files = request.FILES.getlist("file")
            if not files:
                raise Invalid(_("Choose a file first."))
            return redirect("customer-import", import_runs.start(files[0], by=user).pk)
        except HelpdeskError as refused:
            error = refused.detail
    runs = CustomerImport.objects.select_related("started_by")[:RUNS_SHOWN]
    return render(request, "customers/imports.html", {"runs": runs, "error": error}, status=422 if error else 200)


@login_required
@require_safe
def one_import(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Columns, trial and report. `?part=1` is the middle of the page alone; it asks again while the worker is busy."""
    _importer(request)
    run = get_object_or_404(CustomerImport.objects.select_related("started_by"), pk=pk)
    if run.is_busy and timezone.now() - run.asked_at > import_runs.UNHEARD and not run.done:
        _ask(run)
    return _shown(request, run)


@login_required
@require_POST
def go_on(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Take the chosen columns; then `act=try` tries them, `act=import` does it."""
    _importer(request)
    run = get_object_or_404(CustomerImport, pk=pk)
    try:
        mapping = {ours: request.POST.get(f"column-{ours}", "") for ours in importing.NAMES}
        import_runs.choose(run, mapping=mapping, region=request.POST.get("region", ""), keep_others="keep_others" in request.POST)
        import_runs.set_going(run, "running" if request.POST.get("act") == "import" else "trying")
    except HelpdeskError as refused:
        return _shown(request, run, error=refused.detail, status=refused.status)
    _ask(run)
    return redirect("customer-import", pk)


def _shown(request: AgentRequest, run: CustomerImport, *, error: str = "", status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"run": run, "error": error}
    if not run.is_busy and run.state != CustomerImport.State.DONE:
        rows = importing.sample(run.path) if run.file else []
        context["fields"] = [(ours, label, run.mapping.get(ours, "")) for ours, label in LABELS.items()]
        context["sample"] = [[row.get(column, "") for column in run.columns] for row in rows]
    template = "import_part" if "part" in request.GET else "import"
    return render(request, f"customers/{template}.html", context, status=status)


def _ask(run: CustomerImport) -> None:
    CustomerImport.objects.filter(pk=run.pk).update(asked_at=timezone.now())
    transaction.on_commit(lambda: send_quietly(tasks.import_customers, str(run.pk)))


def _importer(request: AgentRequest) -> User:
    if request.user.role not in MAY:
        raise PermissionDenied
    return request.user
