"""Incidents for those who answer: what is going on, whose tickets come of it, one word to all of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest
from helpdesk.core.tasks import send_quietly
from knowledge.models import Component, Incident, IncidentUpdate
from knowledge.status import incidents
from tickets import linking, mass_reply, replying, rounds
from tickets.models import MassReply, StatusLink, Ticket

PER_PAGE = 25
LINKED_SHOWN = 100
MOST_COMPONENTS = 200
SOONEST, LATEST = 5, 24 * 60  # minutes until the next update


@login_required
@require_http_methods(["GET", "POST"])
def every(request: AgentRequest) -> HttpResponse:
    """All incidents, open ones first; a post opens another."""
    error = ""
    if request.method == "POST":
        try:
            return redirect("incident", incidents.open_incident(by=request.user, **_entered(request)).reference)
        except HelpdeskError as refused:
            error = refused.detail
    rows = Incident.objects.visible_to(request.user).prefetch_related("components").order_by(F("resolved_at").desc(nulls_first=True))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page", "1"))
    counts = dict(StatusLink.objects.present().filter(incident__in=[one.pk for one in page]).values_list("incident").annotate(Count("pk")))
    context = {
        "page": page,
        "counts": [(one, counts.get(one.pk, 0)) for one in page],
        "components": Component.objects.all()[:MOST_COMPONENTS],
        "impacts": Incident.Impact.choices,
        "error": error,
    }
    return render(request, "tickets/incidents/every.html", context, status=422 if error else 200)


@login_required
@require_safe
def one(request: AgentRequest, reference: str) -> HttpResponse:
    return _page(request, _incident(request, reference))


@login_required
@require_POST
def tell(request: AgentRequest, reference: str) -> HttpResponse:
    """Post an update; with `reply`, send it to the customers behind the linked tickets as well."""
    incident = _incident(request, reference)
    try:
        update = incidents.tell(
            incident,
            text=request.POST.get("text", ""),
            status=request.POST.get("status", ""),
            next_update_at=_next(request.POST.get("next", "")),
            by=request.user,
        )
    except HelpdeskError as refused:
        return _page(request, incident, error=refused.detail)
    if "public" in request.POST and not incident.is_public:
        incidents.change(incident, is_public=True, by=request.user)
    if "reply" not in request.POST:
        messages.success(request, _("Update posted"))
        return redirect("incident", incident.reference)
    return _answer(request, incident, update)


@login_required
@require_POST
def change(request: AgentRequest, reference: str) -> HttpResponse:
    """Correct title, description, impact, components, and whether the world sees it."""
    incident = _incident(request, reference)
    try:
        incidents.change(incident, by=request.user, **_entered(request))
    except HelpdeskError as refused:
        return _page(request, incident, error=refused.detail)
    messages.success(request, _("Saved"))
    return redirect("incident", incident.reference)


@login_required
@require_POST
def take_back(request: AgentRequest, reference: str) -> HttpResponse:
    """Stop the replies of an update: all of them within ten seconds, later those that are left."""
    pk = _number(request.POST.get("update", "")) or UUID(int=0)
    update = IncidentUpdate.objects.filter(incident=_incident(request, reference), pk=pk).first()
    if update is None:
        raise Http404
    job = MassReply.objects.filter(update=update).first()
    if job is None:
        raise Http404
    kept, sent = mass_reply.stop(job)
    text = ngettext("%(n)s reply taken back", "%(n)s replies taken back", kept) % {"n": kept}
    messages.success(request, text + (_("; %(n)s had already left") % {"n": sent} if sent else ""))
    return redirect("incident", reference)


@login_required
@require_safe
def replies(request: AgentRequest, reference: str) -> HttpResponse:
    """How far the replies to everybody are; asks again while any are on their way."""
    incident = _incident(request, reference)
    return render(request, "tickets/incidents/replies.html", {"incident": incident, "jobs": mass_reply.progress_of(incident)})


@login_required
@require_POST
def tie(request: AgentRequest, reference: str) -> HttpResponse:
    """Tie a ticket by its number, or untie it."""
    incident = _incident(request, reference)
    number = request.POST.get("number", "").replace("\x00", "").strip().upper()[:24]
    ticket = Ticket.objects.visible_to(request.user).filter(number=number).first()
    if ticket is None:
        return _page(request, incident, error=_("There is no ticket %(number)s that you may see") % {"number": number})
    deed = linking.unlink if "untie" in request.POST else linking.link
    try:
        deed(ticket, incident, by=request.user)
    except HelpdeskError as refused:
        return _page(request, incident, error=refused.detail)
    return redirect(ticket if request.POST.get("next") == "ticket" else incident_url(incident))


def _entered(request: AgentRequest) -> dict[str, Any]:
    """What the form of an incident says."""
    impact = request.POST.get("impact", "")
    chosen = [slug for slug in request.POST.getlist("components")[:MOST_COMPONENTS] if "\x00" not in slug]
    return {
        "title": request.POST.get("title", "").replace("\x00", ""),
        "description": request.POST.get("description", "").replace("\x00", "")[: incidents.LONGEST],
        "impact": impact if impact in Incident.Impact.values else Incident.Impact.DEGRADED,
        "components": list(Component.objects.filter(slug__in=chosen)),
        "is_public": "public" in request.POST,
    }


def _answer(request: AgentRequest, incident: Incident, update: IncidentUpdate) -> HttpResponse:
    job = mass_reply.start(incident, update, by=request.user)
    pause = replying.UNDO.total_seconds()
    transaction.on_commit(lambda: send_quietly(rounds.reply_to_many, str(job.pk), countdown=pause))
    messages.success(request, _("Update posted"))
    return redirect("incident", incident.reference)


def incident_url(incident: Incident) -> str:
    return reverse("incident", args=[incident.reference])


def _page(request: AgentRequest, incident: Incident, error: str = "") -> HttpResponse:
    links = StatusLink.objects.visible_to(request.user).present().filter(incident=incident)
    shown = list(links.select_related("ticket__customer", "by").order_by("-created_at")[:LINKED_SHOWN])
    context: dict[str, Any] = {
        "incident": incident,
        "updates": incident.updates.select_related("author"),
        "links": shown,
        "waiting": mass_reply.recipients(incident, request.user).count(),
        "jobs": mass_reply.progress_of(incident),
        "statuses": Incident.Status.choices,
        "impacts": Incident.Impact.choices,
        "components": Component.objects.all()[:MOST_COMPONENTS],
        "touched": {component.slug for component in incident.components.all()},
        "error": error,
        "text": request.POST.get("text", ""),
    }
    return render(request, "tickets/incidents/one.html", context, status=422 if error else 200)


def _incident(request: AgentRequest, reference: str) -> Incident:
    found = Incident.objects.visible_to(request.user).filter(reference=reference.upper()).prefetch_related("components").first()
    if found is None:
        raise Http404
    return found


def _next(minutes: str) -> datetime | None:
    if not (minutes.isascii() and minutes.isdigit() and SOONEST <= int(minutes[:5]) <= LATEST):
        return None
    return timezone.now() + timedelta(minutes=int(minutes[:5]))


def _number(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
