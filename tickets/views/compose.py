"""Writing: replies with second thoughts, notes, files, and sending again what did not arrive."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from helpdesk.core.errors import HelpdeskError, Invalid, NotAllowed
from helpdesk.core.requests import AgentRequest
from tickets import delivery, listing, macros, replying, thread
from tickets.channels.base import InboundAttachment
from tickets.models import Message, Ticket

LARGEST = 20 * 1024 * 1024  # bytes of all files of one message: what mail servers still take after encoding
MOST_FILES = 20
ENDS = ("", Ticket.Status.PENDING, Ticket.Status.RESOLVED)


@login_required
@require_POST
def compose(request: AgentRequest, number: str) -> HttpResponse:
    """Send a reply or keep a note. A newer message than the one `seen` stops a reply once."""
    ticket = thread.find(request.user, number)
    if ticket is None:
        raise Http404
    try:
        _stop_at_holes(request)
        message = _write(request, ticket)
    except HelpdeskError as error:
        return _refused(request, ticket, error)
    if not request.htmx:
        messages.success(request, _words(message, request.POST.get("status", "")))
        return redirect("ticket", ticket.number)
    return _sent(request, ticket, message)


@login_required
@require_POST
def withdraw(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Take a reply back. Answers its text, for the composer."""
    message = _message(request, pk)
    try:
        text = replying.withdraw(message, by=request.user)
    except HelpdeskError as error:
        return JsonResponse({"detail": error.detail, "code": error.code}, status=error.status)
    return JsonResponse({"text": text, "ticket": message.ticket.number, "message": str(pk)})


@login_required
@require_POST
def send_again(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Queue the deliveries of a reply that failed or came back."""
    message = _message(request, pk)
    try:
        message.ticket.allow(request.user)
    except NotAllowed as refused:
        raise PermissionDenied(refused.detail) from refused
    for row in message.deliveries.filter(state__in=("failed", "bounced", "no_server")):
        delivery.send_again(row)
    if not request.htmx:
        return redirect("ticket", message.ticket.number)
    fresh = thread.for_thread(Message.objects.filter(pk=pk)).get()
    return render(request, "tickets/item.html", {"item": thread.message_item(fresh)})


class Unfilled(Invalid):
    """The reply still holds variables of a macro that nobody has filled in."""

    code = "unfilled"


def _stop_at_holes(request: AgentRequest) -> None:
    """Once: a customer may really have asked about braces."""
    waiting = macros.holes(request.POST.get("text", "")) if request.POST.get("kind") != "note" else ()
    if waiting and request.POST.get("holes") != "sent anyway":
        names = ", ".join("{{" + name + "}}" for name in waiting)
        raise Unfilled(_("Fill in %(names)s first, or send once more to leave it so") % {"names": names})


def _write(request: AgentRequest, ticket: Ticket) -> Message:
    """The message, and what the macros in it do to the ticket: both or neither."""
    with transaction.atomic():
        message = _message_of(request, ticket)
        chosen = macros.chosen(request.user, request.POST.getlist("macro"))
        done = [macros.use(macro, ticket, by=request.user, status=not request.POST.get("status")) for macro in chosen]
        if done:
            message.metadata = {**message.metadata, "macros": done}  # goes back with the reply, should it be withdrawn
            message.save(update_fields=["metadata"])
    return message


def _message_of(request: AgentRequest, ticket: Ticket) -> Message:
    text, files = request.POST.get("text", ""), _files(request)
    metadata = {"draft": request.POST["draft"]} if request.POST.get("draft") else None
    if request.POST.get("kind") == "note":
        return replying.note(ticket=ticket, by=request.user, text=text, attachments=files)
    status = request.POST.get("status", "")
    if status not in ENDS:
        raise Invalid(_("A reply leaves the ticket open, waiting or solved"))
    return replying.reply(
        ticket=ticket, by=request.user, text=text, status=status, attachments=files, seen=_seen(request, ticket), metadata=metadata
    )


def _seen(request: AgentRequest, ticket: Ticket) -> Message | None:
    try:
        return ticket.messages.filter(pk=UUID(request.POST.get("seen", ""))).first()
    except ValueError:
        return None


def _files(request: AgentRequest) -> list[InboundAttachment]:
    files: list[UploadedFile] = [file for file in request.FILES.getlist("files") if file.name]
    if len(files) > MOST_FILES or sum(file.size or 0 for file in files) > LARGEST:
        raise Invalid(_("At most 20 files and 20 MB together"))
    return [
        InboundAttachment(name=str(file.name), content_type=file.content_type or "application/octet-stream", content=file.read())
        for file in files
    ]


def _refused(request: AgentRequest, ticket: Ticket, error: HelpdeskError) -> HttpResponse:
    newest = ticket.messages.public().in_order().last()
    context: dict[str, Any] = {
        "error": error.detail,
        "superseded": isinstance(error, replying.Superseded),
        "unfilled": isinstance(error, Unfilled),
        "newest": newest,
    }
    if not request.htmx:
        messages.error(request, error.detail)
        return redirect("ticket", ticket.number)
    response = render(request, "tickets/not_sent.html", context, status=422)
    response["HX-Retarget"], response["HX-Reswap"] = "#composer-callouts", "innerHTML"
    return response


def _sent(request: AgentRequest, ticket: Ticket, message: Message) -> HttpResponse:
    fresh = thread.for_screen(Ticket.objects.filter(pk=ticket.pk), request.user).get()
    work = thread.head(fresh)
    work.newest = fresh.messages.public().in_order().last()
    shown = thread.for_thread(Message.objects.filter(pk=message.pk)).get()
    context = {"work": work, "page": {"view": listing.VIEWS[5]}, "item": thread.message_item(shown), "kind": request.POST.get("kind", "")}
    response = render(request, "tickets/sent.html", context)
    undo = "" if message.is_note or message.delivery == Message.DeliveryState.NONE else str(message.pk)  # what nothing delivers has arrived
    detail = {
        "message": undo,
        "number": ticket.number,
        "text": _words(message, request.POST.get("status", "")),
        "seconds": replying.UNDO.total_seconds(),
    }
    response["HX-Trigger-After-Swap"] = json.dumps({"console:sent": detail})
    return response


def _words(message: Message, status: str) -> str:
    if message.is_note:
        return _("Note added")
    return {"pending": _("Sent and set to waiting"), "resolved": _("Sent and solved")}.get(status, _("Sent"))


def _message(request: AgentRequest, pk: UUID) -> Message:
    message = Message.objects.visible_to(request.user).select_related("ticket").filter(pk=pk).first()
    if message is None:
        raise Http404
    return message
