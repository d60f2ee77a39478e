"""The queue of escalations: what waits to be acknowledged, who looks after the rest, who is on duty; several at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from tickets import duty, escalating
from tickets.models import Escalation

from .actions import agent

SHOWN, CLOSED_SHOWN = 100, 10


@login_required
@require_safe
def every(request: AgentRequest) -> HttpResponse:
    """Open ones, the soonest due first; then the last that are over."""
    people = ("ticket__customer", "ticket__queue", "owner")
    seen = Escalation.objects.visible_to(request.user).select_related(*people).prefetch_related("ticket__customer__contact_points")
    context = {
        "open": seen.open().order_by(F("due_at").asc(nulls_last=True), "raised_at")[:SHOWN],
        "closed": seen.exclude(state__in=Escalation.OPEN).order_by("-closed_at")[:CLOSED_SHOWN],
        "roster": duty.roster(),
        "colleagues": User.objects.filter(is_active=True).order_by("name"),
    }
    return render(request, "tickets/escalations.html", context)


@login_required
@require_POST
def act(request: AgentRequest) -> HttpResponse:
    """Acknowledge, give to a colleague or hand back the chosen ones. What is over already is left out, and said."""
    done = refused = 0
    try:
        for one in _chosen(request):
            try:
                _do(request, one)
                done += 1
            except Invalid:
                raise
            except HelpdeskError:
                refused += 1
    except Invalid as error:
        messages.error(request, error.detail)
        return redirect("escalations")
    if done:
        messages.success(request, ngettext("%(n)d escalation changed", "%(n)d escalations changed", done) % {"n": done})
    if refused:
        messages.warning(request, ngettext("%(n)d was over already", "%(n)d were over already", refused) % {"n": refused})
    return redirect("escalations")


def _chosen(request: AgentRequest) -> list[Escalation]:
    """Those of them that the viewer may see."""
    ids: list[UUID] = []
    for value in request.POST.getlist("escalation")[:SHOWN]:
        try:
            ids.append(UUID(value))
        except ValueError:
            continue
    return list(Escalation.objects.visible_to(request.user).filter(pk__in=ids))


def _do(request: AgentRequest, one: Escalation) -> None:
    what: Any = request.POST.get("do", "")
    if what == "acknowledge":
        escalating.acknowledge(one, by=request.user)
    elif what == "hand_back":
        escalating.hand_back(one, by=request.user, note=request.POST.get("note", ""))
    elif what == "give":
        to = agent(request.POST.get("to", ""))
        if to is None:
            raise Invalid(_("Choose a colleague"))
        escalating.give(one, to=to, by=request.user)
    else:
        raise Invalid(_("There is no such action"))
