"""The same deed for many tickets at once, and taking it back."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from tickets.models import Tag, Ticket
from tickets.views.actions import agent

MOST = 200  # tickets of one deed: what fits a request
UNDO_FOR = 60  # seconds
SALT = "tickets.bulk.undo"


@login_required
@require_POST
def bulk(request: AgentRequest) -> HttpResponse:
    """`do`: take | status:<status> | tag (with `tag`). Tickets that cannot be changed are left and counted."""
    try:
        deed, value = _deed(request)
    except HelpdeskError as error:
        return _answer(request, error.detail, "")
    before, failed = [], 0
    for ticket in _chosen(request):
        was = {"number": ticket.number, "status": ticket.status, "assignee": str(ticket.assignee_id or "")}
        try:
            with transaction.atomic():
                changed = _do(ticket, deed, value, request.user)
            before += [was] if changed else []
        except HelpdeskError:
            failed += 1
    text = ngettext("%(n)d ticket changed", "%(n)d tickets changed", len(before)) % {"n": len(before)}
    text += _but_not(failed)
    undo = signing.dumps({"deed": deed, "value": value, "before": before, "by": str(request.user.pk)}, salt=SALT, compress=True)
    return _answer(request, text, undo if before else "")


@login_required
@require_POST
def undo(request: AgentRequest) -> HttpResponse:
    """Put back what the last bulk deed changed, ticket by ticket, where nobody has changed it again since."""
    try:
        done: dict[str, Any] = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=UNDO_FOR)
    except signing.BadSignature:
        return _answer(request, _("Too late to undo"), "")
    if done["by"] != str(request.user.pk):
        return _answer(request, _("Too late to undo"), "")
    tickets = {
        ticket.number: ticket
        for ticket in Ticket.objects.visible_to(request.user).filter(number__in=[row["number"] for row in done["before"]])
    }
    failed = 0
    for row in done["before"]:
        try:
            if ticket := tickets.get(row["number"]):
                _put_back(ticket, done["deed"], done["value"], row, request.user)
        except HelpdeskError:  # its agent has left meanwhile
            failed += 1
    return _answer(request, _("Undone") + _but_not(failed), "")


def _but_not(failed: int) -> str:
    return ". " + ngettext("%(n)d could not be", "%(n)d could not be", failed) % {"n": failed} if failed else ""


def _deed(request: AgentRequest) -> tuple[str, str]:
    deed, _sep, value = request.POST.get("do", "").partition(":")
    if deed == "status" and value in Ticket.Status.values:
        return deed, value
    if deed == "tag" and request.POST.get("tag", "").strip():
        return deed, request.POST["tag"]
    if deed == "take":
        return deed, str(request.user.pk)
    raise Invalid(_("Nothing to do"))


def _chosen(request: AgentRequest) -> list[Ticket]:
    numbers = request.POST.getlist("ticket")[:MOST]
    return list(Ticket.objects.visible_to(request.user).select_related("queue", "assignee").filter(number__in=numbers))


def _do(ticket: Ticket, deed: str, value: str, by: User) -> bool:
    """Returns whether it changed anything: what stood so before must survive an undo."""
    if deed == "tag":
        new = not ticket.tags.filter(name=Tag.normal(value)).exists()
        ticket.tag(value, by=by)
        return new
    version = ticket.version
    if deed == "status":
        ticket.set_status(value, by=by)
    else:
        ticket.assign(to=agent(value), by=by)
    return ticket.version != version


def _put_back(ticket: Ticket, deed: str, value: str, was: dict[str, str], by: User) -> None:
    if deed == "status" and ticket.status == value:
        ticket.set_status(was["status"], by=by, reason="undone")
    elif deed == "tag":
        ticket.untag(value, by=by)
    elif deed == "take" and str(ticket.assignee_id or "") == value:
        ticket.assign(to=agent(was["assignee"]), by=by)


def _answer(request: AgentRequest, text: str, undo_token: str) -> HttpResponse:
    if not request.htmx:
        messages.info(request, text)
        return redirect("inbox")
    response = HttpResponse("")
    response["HX-Trigger"] = json.dumps({"console:bulk": {"text": text, "undo": undo_token}})
    return response
