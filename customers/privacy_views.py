"""What agents do about what we know: add and correct facts, note consent. And, for those who oversee: who looked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import privacy
from customers.access_log import note_read
from customers.known import visible
from customers.memory import Source, consent, end, learn
from customers.memory.confirming import UNSURE, confirm
from customers.models import AccessEntry, ConsentEntry, Customer, MemoryFact
from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest

SHOWN = 200  # readings on the page of who looked
DAYS = 365


@login_required
@require_http_methods(["GET", "POST"])
def add_fact(request: AgentRequest, pk: UUID) -> HttpResponse:
    """A new fact, or a new value of one that is known."""
    found, error = _customer(request, pk), ""
    if request.method == "POST":
        try:
            since = true_since(request.POST.get("since", ""))
            source = Source("agent", act_of(request.user))
            learn(found, request.POST.get("attribute", ""), request.POST.get("value", ""), source=source, since=since, confidence=1.0)
            return redirect("customer", pk)
        except HelpdeskError as refused:
            error = refused.detail
    else:
        note_read(request.user, found.pk, "facts")
    names = MemoryFact.objects.filter(customer=found).order_by("attribute").values_list("attribute", flat=True).distinct()
    context = {"customer": found, "fact": None, "names": names, "error": error, "typed": request.POST, "today": timezone.localdate()}
    return render(request, "customers/fact.html", context, status=422 if error else 200)


@login_required
@require_http_methods(["GET", "POST"])
def fact(request: AgentRequest, pk: UUID, fact_id: UUID) -> HttpResponse:
    """One fact: where it comes from, and correcting it. POST `value`, `since`."""
    found, error = _fact(request, pk, fact_id), ""
    if request.method == "POST":
        try:
            correct(found, request.POST.get("value", ""), request.POST.get("since", ""), source=Source("agent", act_of(request.user)))
            return redirect("customer", pk)
        except HelpdeskError as refused:
            error = refused.detail
    elif request.method == "GET":
        note_read(request.user, pk, "fact", found.attribute)
    context = {"customer": found.customer, "fact": found, "error": error, "typed": request.POST, "today": timezone.localdate()}
    return render(request, "customers/fact.html", {**context, "unsure": found.confidence < UNSURE}, status=422 if error else 200)


@login_required
@require_POST
def confirm_fact(request: AgentRequest, pk: UUID, fact_id: UUID) -> HttpResponse:
    try:
        confirm(_fact(request, pk, fact_id), by=act_of(request.user))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    return redirect("customer", pk)


@login_required
@require_POST
def end_fact(request: AgentRequest, pk: UUID, fact_id: UUID) -> HttpResponse:
    """No longer true, and nothing known in its place. POST `since`: the day (today)."""
    try:
        end(_fact(request, pk, fact_id), at=true_since(request.POST.get("since", "")), source=Source("agent", act_of(request.user)))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    return redirect("customer", pk)


@login_required
@require_http_methods(["GET", "POST"])
def consents(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The ledger, and a new entry in it: POST `purpose` (several), `decision` grant or revoke, `source`: how we know."""
    found, error = _customer(request, pk), ""
    if request.method == "POST":
        try:
            note_consent(
                found, request.POST.getlist("purpose"), request.POST.get("decision", ""), request.POST.get("source", ""), request.user
            )
            return redirect("customer", pk)
        except HelpdeskError as refused:
            error = refused.detail
    else:
        note_read(request.user, found.pk, "consent")
    entries = list(found.consents.order_by("-id"))
    people = _names(entry.actor_id for entry in entries if entry.actor_kind == "agent")
    names = dict(ConsentEntry.Purpose.choices)
    rows = [(entry, [names.get(one, one) for one in entry.purposes], people.get(entry.actor_id, entry.actor_kind)) for entry in entries]
    context = {"customer": found, "leaves": privacy.leaves(found), "entries": rows, "error": error}
    return render(request, "customers/consents.html", context, status=422 if error else 200)


@login_required
@require_safe
def who_looked(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The latest readings of a customer's data. Only for those who oversee."""
    if not request.user.oversees:
        raise PermissionDenied
    found = _customer(request, pk)
    entries = list(AccessEntry.objects.filter(customer_ref=found.pk).order_by("-id")[:SHOWN])
    note_read(request.user, found.pk, "access log")
    return render(request, "customers/access.html", {"customer": found, "entries": entries, "most": SHOWN})


def correct(found: MemoryFact, value: str, day: str, *, source: Source) -> MemoryFact:
    """It was otherwise, since a day or all along. Raises Invalid and ConsentRequired."""
    since = true_since(day)
    if since is None or since.date() == timezone.localtime(found.starts_at).date():
        since = found.starts_at
    return learn(found.customer, found.attribute, value, source=source, since=since, until=found.ends_at, confidence=1.0)


def note_consent(found: Customer, purposes: list[str], decision: str, source: str, by: User | Customer) -> None:
    """Raises Invalid without a purpose, a decision, or a word on how we know that it was granted."""
    if decision not in ("grant", "revoke") or not purposes:
        raise Invalid(_("Say what for, and whether it was granted or withdrawn."))
    if decision == "revoke":
        consent.revoke(found, purposes=purposes, source=source[:150], by=by)
    elif not source.strip():
        raise Invalid(_("Say how the customer told us: a form, a call, a contract."))
    else:
        consent.grant(found, purposes=purposes, source=source[:150], days=DAYS, by=by)


def true_since(day: str) -> datetime | None:
    """Midnight of a day written 2026-01-31; None when nothing was given. Raises Invalid for what is no day or still to come."""
    if not day:
        return None
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise Invalid(_("Write the day as 2026-01-31.")) from None
    if not date(1970, 1, 1) <= wanted <= timezone.localdate():
        raise Invalid(_("The day is still to come, or too long ago."))
    return timezone.make_aware(datetime.combine(wanted, time.min)) if wanted < timezone.localdate() else None


def act_of(person: User | Customer) -> str:
    """A source of its own for each thing that somebody says, so that they may say it again later."""
    return f"{person.pk}@{timezone.now():%Y%m%dT%H%M%S.%f}"


def _names(ids: Iterable[str]) -> dict[str, str]:
    return {str(pk): name for pk, name in User.objects.filter(pk__in={one for one in ids if one}).values_list("pk", "name")}


def _customer(request: AgentRequest, pk: UUID) -> Customer:
    found = Customer.objects.visible_to(request.user).prefetch_related("contact_points").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _fact(request: AgentRequest, pk: UUID, fact_id: UUID) -> MemoryFact:
    """Raises 404 for one of another customer, of a ticket the viewer may not see, or of a customer who does not let us look."""
    found = _customer(request, pk)
    rows = visible(found.facts.select_related("customer").filter(pk=fact_id), request.user) if privacy.may_look_up(found) else []
    if not rows:
        raise Http404
    return rows[0]
