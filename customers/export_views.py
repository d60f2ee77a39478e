"""A person's export in the console: ask for it, watch it, fetch it. Only for those who oversee: every team's tickets are in it."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from customers import exporting, tasks
from customers.access_log import note_read
from customers.models import Customer, CustomerExport
from helpdesk.core import downloads
from helpdesk.core.audit import note
from helpdesk.core.models import AuditEntry
from helpdesk.core.requests import AgentRequest
from helpdesk.core.tasks import send_quietly


@login_required
@require_POST
def ask(request: AgentRequest, pk: UUID) -> HttpResponse:
    customers = _customers(request).filter(pk=pk)
    found = customers.first()
    if found is None:
        raise Http404
    run = exporting.ask(found, by=request.user)
    transaction.on_commit(lambda: send_quietly(tasks.make_exports))
    return redirect("customer-export", run.pk)


@login_required
@require_safe
def export(request: AgentRequest, pk: UUID) -> HttpResponse:
    """How far it is; htmx asks again for the part that changes."""
    run = _export(request, pk)
    if not request.htmx:
        note_read(request.user, run.customer_id, "export page")
    template = "customers/export/state.html" if request.htmx else "customers/export/page.html"
    return render(request, template, {"run": run, "customer": run.customer})


@login_required
@require_safe
def fetch(request: AgentRequest, pk: UUID) -> HttpResponseBase:
    run = _export(request, pk)
    if run.state != CustomerExport.State.READY:
        raise Http404
    note_read(request.user, run.customer_id, "export fetched")
    note(AuditEntry.Act.EXPORTED, "customers_customer", subject_id=run.customer_id)
    return downloads.served(run.file, f"customer-{str(run.customer_id)[:8]}.zip")


def _customers(request: AgentRequest) -> QuerySet[Customer]:
    if not request.user.oversees:
        raise PermissionDenied
    return Customer.objects.visible_to(request.user)


def _export(request: AgentRequest, pk: UUID) -> CustomerExport:
    run = CustomerExport.objects.select_related("customer").filter(pk=pk, customer__in=_customers(request)).first()
    if run is None:
        raise Http404
    return run
