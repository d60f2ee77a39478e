"""Open privacy requests, and erasing in the console: what would go, how far it is, the receipt. Only for those who oversee."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customers import erasure, privacy_requests, tasks
from customers.access_log import note_read
from customers.models import Customer, Erasure
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from helpdesk.core.tasks import send_quietly

SHOWN = 20  # receipts below the list


@login_required
@require_safe
def index(request: AgentRequest) -> HttpResponse:
    """What customers asked for and when it is due; below, the last receipts."""
    _overseers_only(request)
    found = privacy_requests.open_requests()
    note_read(request.user, {one.customer.pk for one in found}, "privacy requests")
    receipts = list(Erasure.objects.all()[:SHOWN])
    people = {str(pk): name for pk, name in User.objects.values_list("pk", "name").filter(pk__in=_ids(receipts))}
    names = {"customer": _("The customer"), "command": _("From the command line"), **people}
    rows = [(one, names.get(one.by, _("An agent"))) for one in receipts]
    return render(request, "customers/requests.html", {"found": found, "receipts": rows})


@login_required
@require_http_methods(["GET", "POST"])
def erase(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Say what goes, and erase: POST `name`, the customer's name typed once more."""
    found, error = _customer(request, pk), ""
    if request.method == "POST":
        if request.POST.get("name", "").strip() == found.display_name:
            privacy_requests.order(found, by=request.user)
            transaction.on_commit(lambda: send_quietly(tasks.erase_ordered))
            return redirect("customer-erasure", erasure.id_hash(found.pk))
        error = _("Type the name as it stands here.")
    else:
        note_read(request.user, found.pk, "erasure page")
    context = {"customer": found, "wish": erasure.wish_of(found), "error": error, "merges": found.merges.filter(undone_at=None).count()}
    return render(request, "customers/erase.html", context, status=422 if error else 200)


@login_required
@require_safe
def preview(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Every store, and how much would go from it now."""
    found = _customer(request, pk)
    note_read(request.user, found.pk, "erasure counts")
    counts = erasure.preview(found.pk)
    return render(request, "customers/erase_preview.html", {"counts": counts, "total": sum(counts.values())})


@login_required
@require_safe
def erased(request: AgentRequest, mark: str) -> HttpResponse:
    """How far an erasure is, and its receipt once it is done. `mark` is the hash on the receipt."""
    _overseers_only(request)
    receipt = Erasure.objects.filter(id_hash=mark).first()
    if receipt and request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    if receipt:
        return render(request, "customers/erased.html", {"receipt": receipt})
    if privacy_requests.ordered_as(mark) is None:
        raise Http404
    done, total = privacy_requests.progress(mark)
    template = "customers/erasing_state.html" if request.htmx else "customers/erasing.html"
    return render(request, template, {"mark": mark, "done": done, "total": total})


@login_required
@require_safe
def receipt_file(request: AgentRequest, mark: str) -> HttpResponse:
    """The receipt as one line of JSON, which `erase_customer --replay` reads."""
    _overseers_only(request)
    receipt = Erasure.objects.filter(id_hash=mark).first()
    if receipt is None:
        raise Http404
    named = {"Content-Disposition": f'attachment; filename="erasure-{mark[:12]}.json"'}
    return HttpResponse(json.dumps(receipt.receipt) + "\n", content_type="application/json", headers=named)


def _ids(receipts: list[Erasure]) -> list[UUID]:
    return [UUID(one.by) for one in receipts if len(one.by) == len(str(UUID(int=0)))]


def _overseers_only(request: AgentRequest) -> None:
    if not request.user.oversees:
        raise PermissionDenied


def _customer(request: AgentRequest, pk: UUID) -> Customer:
    _overseers_only(request)
    found = Customer.objects.visible_to(request.user).prefetch_related("contact_points").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
