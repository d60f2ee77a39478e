"""The chat behind a ticket, as a bar over its thread: who waits since when, who is in it, and what an agent may do about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from assist.chat import attending, sessions
from assist.models import ChatSession
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from tickets.models import Ticket


@login_required
@require_GET
def bar(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Empty where there is no chat."""
    ticket = _ticket(request, pk)
    return _shown(request, ticket, attending.of_ticket(ticket))


@login_required
@require_POST
def act(request: AgentRequest, pk: UUID, deed: str) -> HttpResponse:
    """The deeds are `DEEDS`."""
    ticket = _ticket(request, pk)
    chat = attending.of_ticket(ticket)
    if chat is None or deed not in DEEDS:
        raise Http404
    refused = ""
    try:
        ticket.allow(request.user)
        chat = DEEDS[deed](chat, request.user)
    except HelpdeskError as error:
        refused = error.detail
    if not request.htmx:
        if refused:
            messages.error(request, refused)
        return redirect("ticket", ticket.number)
    return _shown(request, ticket, attending.of_ticket(ticket), refused)


def _join(chat: ChatSession, by: User) -> ChatSession:
    return attending.join(chat, by=by)


def _take_over(chat: ChatSession, by: User) -> ChatSession:
    return attending.join(chat, by=by, instead=True)


def _hand_back(chat: ChatSession, by: User) -> ChatSession:
    return attending.hand_back(chat, by=by)


def _end(chat: ChatSession, by: User) -> ChatSession:
    return attending.end(chat, by=by)


DEEDS = {"join": _join, "take-over": _take_over, "hand-back": _hand_back, "end": _end}


def _shown(request: AgentRequest, ticket: Ticket, chat: ChatSession | None, refused: str = "") -> HttpResponse:
    context: dict[str, Any] = {"ticket": ticket, "chat": chat, "refused": refused}
    if chat is not None:
        context |= {"there": attending.is_there(chat), "position": sessions.position(chat), "mine": chat.agent_id == request.user.pk}
        context["reachable"] = bool(ticket.customer.email)
    return render(request, "assist/chat_bar.html", context)


def _ticket(request: AgentRequest, pk: UUID) -> Ticket:
    along = Ticket.objects.read_along_by(request.user).filter(pk=OuterRef("pk"))
    seen = Ticket.objects.visible_to(request.user).select_related("customer").annotate(reads_along=Exists(along))
    ticket = seen.filter(pk=pk).first()
    if ticket is None:
        raise Http404
    return ticket
