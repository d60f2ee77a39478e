"""What an agent does to a ticket: one address a verb. htmx gets the ticket's head again, a plain form the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from tickets import escalating, intake, listing, thread
from tickets.models import Queue, Ticket

Verb = Callable[[Ticket, QueryDict, User], None]


@login_required
@require_POST
def act(request: AgentRequest, number: str, verb: str) -> HttpResponse:
    """Change one property. The verbs are `VERBS`."""
    ticket = _ticket(request, number)
    try:
        VERBS[verb](ticket, request.POST, request.user)
    except KeyError as unknown:
        raise Http404 from unknown
    except HelpdeskError as error:
        return refused(request, ticket, error)
    return answer(request, ticket)


@login_required
@require_POST
def adopt(request: AgentRequest, number: str) -> HttpResponse:
    """Move a stranger's mail into the ticket that it answered."""
    ticket = _ticket(request, number)
    target = Ticket.objects.visible_to(request.user).filter(number=ticket.metadata.get("claimed_ticket", "")).first()
    if target is None:
        raise Http404
    try:
        with transaction.atomic():
            for message in ticket.messages.select_related("customer", "ticket").in_order():
                intake.adopt(message, into=target, by=request.user)
    except HelpdeskError as error:
        return refused(request, ticket, error)
    messages.success(request, _("Added to %(number)s") % {"number": target.number})
    return redirect("ticket", target.number)


def refused(request: AgentRequest, ticket: Ticket, error: HelpdeskError) -> HttpResponse:
    """What cannot be done, said where the agent looks."""
    if not request.htmx:
        messages.error(request, error.detail)
        return redirect("ticket", ticket.number)
    response = render(request, "tickets/refused.html", {"error": error.detail}, status=422)
    response["HX-Retarget"], response["HX-Reswap"] = "#ticket-callouts", "innerHTML"
    return response


def answer(request: AgentRequest, ticket: Ticket) -> HttpResponse:
    """The ticket as it is now: its head for htmx, its page else; the inbox when it is no longer the agent's to see."""
    if not request.htmx and not Ticket.objects.visible_to(request.user).filter(pk=ticket.pk).exists():
        messages.success(request, _("Handed to %(team)s") % {"team": ticket.queue})
        return redirect("inbox")
    if not request.htmx:
        return redirect("ticket", ticket.number)
    fresh = thread.for_screen(Ticket.objects.filter(pk=ticket.pk), request.user).get()
    return render(request, "tickets/acted.html", {"work": thread.head(fresh), "page": {"view": listing.VIEWS[5]}})


def _ticket(request: AgentRequest, number: str) -> Ticket:
    ticket = Ticket.objects.visible_to(request.user).select_related("queue", "assignee", "category").filter(number=number.upper()).first()
    if ticket is None:
        raise Http404
    return ticket


# -- verbs -----------------------------------------------------------------------------------------------------


def _status(ticket: Ticket, form: QueryDict, by: User) -> None:
    ticket.set_status(form.get("status", ""), by=by)


def _priority(ticket: Ticket, form: QueryDict, by: User) -> None:
    ticket.set_priority(form.get("priority", ""), by=by)


def _assignee(ticket: Ticket, form: QueryDict, by: User) -> None:
    ticket.assign(to=agent(form.get("assignee", "")), by=by)


def _queue(ticket: Ticket, form: QueryDict, by: User) -> None:
    queue = Queue.objects.filter(slug=form.get("queue", "")).first()  # any team may be handed a ticket
    if queue is None:
        raise Invalid(_("There is no such team"))
    ticket.move(queue=queue, by=by)


def _tag(ticket: Ticket, form: QueryDict, by: User) -> None:
    ticket.tag(form.get("tag", ""), by=by)


def _untag(ticket: Ticket, form: QueryDict, by: User) -> None:
    ticket.untag(form.get("tag", ""), by=by)


def _subject(ticket: Ticket, form: QueryDict, by: User) -> None:
    ticket.set_subject(" ".join(form.get("subject", "").split()), by=by)


def _snooze(ticket: Ticket, form: QueryDict, by: User) -> None:
    ticket.snooze(until=snooze_time(form.get("until", "")), by=by)


def _escalate(ticket: Ticket, form: QueryDict, by: User) -> None:
    escalating.escalate(ticket, level=form.get("level", ""), reason=form.get("reason", ""), by=by)


VERBS: dict[str, Verb] = {
    "escalate": _escalate,
    "status": _status,
    "priority": _priority,
    "assignee": _assignee,
    "queue": _queue,
    "tag": _tag,
    "untag": _untag,
    "subject": _subject,
    "snooze": _snooze,
}


def agent(value: Any) -> User | None:
    """The agent of that id; None for "". Raises Invalid for anybody else."""
    if not value:
        return None
    try:
        return User.objects.get(pk=UUID(str(value)), is_active=True)
    except (ValueError, User.DoesNotExist) as unknown:
        raise Invalid(_("There is no such colleague")) from unknown


def snooze_time(choice: str) -> datetime | None:
    """The instant behind a preset, in the agent's own time zone; None wakes the ticket."""
    now = timezone.localtime()
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0)
    times = {
        "": None,
        "1h": now + timedelta(hours=1),
        "4h": now + timedelta(hours=4),
        "tomorrow": morning + timedelta(days=1),
        "monday": morning + timedelta(days=7 - now.weekday()),
        "week": now + timedelta(days=7),
    }
    if choice not in times:
        raise Invalid(_("There is no such time"))
    return times[choice]
