"""Customers: the list, and one of them with everything that we know. Merging two is here too."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import erasure, merging, privacy, privacy_requests, retention
from customers.access_log import note_read
from customers.crm import looking_up
from customers.known import end_of, known
from customers.models import Customer, CustomerMerge
from customers.views import local_time, reason
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest
from tickets import directory, profile

SECTIONS = ("", "tickets", "calls", "account")
CANDIDATES = 8  # shown when looking for the other record of a person


@login_required
@require_safe
def customers(request: AgentRequest) -> HttpResponse:
    """`?q=` a name, an address, a number, an organisation; `?tier=`; `?after=` goes on."""
    wanted = {name: request.GET.get(name, "") for name in directory.FILTERS}
    page = directory.page(wanted, viewer=request.user)
    query = urlencode({name: wanted[name] for name in ("q", "tier") if wanted[name]})
    note_read(request.user, {one.pk for one in page.customers}, "list of customers", wanted["q"])
    context = {"page": page, "wanted": wanted, "query": query, "narrowed": bool(wanted["q"] or wanted["tier"])}
    if request.user.oversees:
        context["privacy_requests"] = privacy_requests.count_open()
    return render(request, "customers/list.html", context)


@login_required
@require_safe
def customer(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The profile. The id of a merged record leads to the person."""
    try:
        found = _customer(request, pk)
    except Http404:
        return _merged_into(request, pk)
    tickets = profile.latest_tickets(found, request.user)
    note_read(request.user, found.pk, "profile", reason(request))
    lines = privacy.leaves(found)
    context = {
        **_known(request, found),
        "leaves": lines,
        "wish": erasure.wish_of(found),
        "consent_ends": privacy.next_expiry(lines),
        "goes_on": retention.next_deletion(found),
        "customer": found,
        "tickets": tickets,
        "numbers": profile.numbers(found, request.user),
        "since": profile.since(found, tickets),
        "local_time": local_time(found.time_zone),
        "crm": looking_up.is_connected(),
        "undoable": merging.undoable(found),
        **_timeline(request, found),
    }
    return render(request, "customers/profile.html", context)


@login_required
@require_safe
def timeline(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The timeline alone: another filter, or the next page of it."""
    found = _customer(request, pk)
    note_read(request.user, found.pk, "timeline", reason(request))
    return render(request, "customers/timeline.html", {"customer": found, **_timeline(request, found)})


@login_required
@require_http_methods(["GET", "POST"])
def merge(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Find the other record (`?q=`), look at what a merge would do (`?with=`), and do it (POST `with`)."""
    kept, error = _customer(request, pk), ""
    other = _other(request, request.POST.get("with") or request.GET.get("with", ""))
    if request.method == "POST" and other:
        try:
            merging.merge(kept=kept, merged=other, by=request.user)
        except HelpdeskError as refused:
            error = refused.detail
        else:
            return redirect("customer", kept.pk)
    note_read(request.user, {one.pk for one in (kept, other) if one}, "merge")
    words = request.GET.get("q", "").strip()
    found = directory.page({"q": words}, viewer=request.user).customers if words else []
    context: dict[str, Any] = {
        "kept": kept,
        "other": other,
        "preview": merging.preview(kept, other) if other else None,
        "q": words,
        "candidates": [one for one in found if one.pk != kept.pk][:CANDIDATES],
        "error": error or (_("This customer is not there.") if request.method == "POST" and other is None else ""),
    }
    return render(request, "customers/merge.html", context, status=422 if context["error"] else 200)


@login_required
@require_POST
def undo_merge(request: AgentRequest, pk: UUID) -> HttpResponse:
    done = CustomerMerge.objects.filter(pk=pk, kept__in=Customer.objects.visible_to(request.user)).first()
    if done is None:
        raise Http404
    try:
        merging.undo(done, by=request.user)
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    else:
        messages.success(request, _("They are two customers again."))
    return redirect("customer", done.kept_id)


def _known(request: AgentRequest, found: Customer) -> dict[str, Any]:
    """`?as_of=2026-01-31` shows what we knew on that day."""
    as_of = end_of(request.GET.get("as_of", ""))
    shown = known(found, request.user, as_of)
    sources = profile.sources([row.last.fact for row in shown.rows], request.user)
    rows = [(row, sources[row.last.fact.pk]) for row in shown.rows]
    return {"known": shown, "known_rows": rows, "as_of": as_of, "today": timezone.localdate()}


def _timeline(request: AgentRequest, found: Customer) -> dict[str, Any]:
    only, before = request.GET.get("only", ""), request.GET.get("before", "")
    only = only if only in SECTIONS else ""
    shown = profile.timeline(found, request.user, only=only, before=int(before) if before.isascii() and before.isdigit() else None)
    return {"timeline": shown, "only": only}


def _customer(request: AgentRequest, pk: UUID) -> Customer:
    found = (
        Customer.objects.visible_to(request.user).select_related("organisation").prefetch_related("contact_points").filter(pk=pk).first()
    )
    if found is None:
        raise Http404
    return found


def _other(request: AgentRequest, pk: str) -> Customer | None:
    try:
        return _customer(request, UUID(pk)) if pk else None
    except (ValueError, Http404):
        return None


def _merged_into(request: AgentRequest, pk: UUID) -> HttpResponse:
    kept = Customer.objects.visible_to(request.user).filter(merges__merged=pk, merges__undone_at=None).first()
    if kept is None:
        raise Http404
    return redirect("customer", kept.pk)
