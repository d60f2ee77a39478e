"""The summary in the assist panel: shown, made anew, kept as an internal note."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from assist import panel, summaries
from customers.access_log import note_read
from helpdesk.core.requests import AgentRequest
from tickets import replying
from tickets.models import Message, Ticket


@login_required
@require_GET
def shown(request: AgentRequest, pk: UUID) -> HttpResponse:
    ticket = _ticket(request, pk)
    note_read(request.user, ticket.customer_id, "summary", ticket.number)
    return _render(request, summaries.of(ticket, viewer=request.user))


@login_required
@require_POST
def renew(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Once more: the local engine's at once, and a model's, if there is one, when it is written."""
    ticket = _ticket(request, pk)
    summaries.ask(ticket, by=request.user)
    if not request.htmx:
        return redirect("ticket", ticket.number)
    return _render(request, summaries.of(ticket, viewer=request.user))


@login_required
@require_POST
def keep_as_note(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Pressed twice it is one note."""
    ticket = _ticket(request, pk)
    found = summaries.of(ticket, viewer=request.user)
    mark = f"{found.best.engine} {found.best.made_at.isoformat()}"
    if not Message.objects.filter(ticket=ticket, metadata__summary=mark).exists():
        replying.note(ticket=ticket, by=request.user, text=summaries.as_note(found), metadata={"summary": mark})
    if not request.htmx:
        return redirect("ticket", ticket.number)
    return _render(request, found, noted=True)


def _render(request: AgentRequest, found: summaries.Shown, *, noted: bool = False) -> HttpResponse:
    told = panel.situation_of(found.ticket)
    context = {"found": found, "best": found.best.beside(told), "others": [one.beside(told) for one in found.others]}
    return render(request, "assist/summary.html", context | {"noted": noted, "model": summaries.asks_a_model()})


def _ticket(request: AgentRequest, pk: UUID) -> Ticket:
    seen = Ticket.objects.visible_to(request.user).select_related("customer__organisation", "assignee", "queue")
    ticket = seen.filter(pk=pk).first()
    if ticket is None:
        raise Http404
    return ticket
