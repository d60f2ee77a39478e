"""Attachments: only for those who may see the ticket, and as downloads, unless it really is a picture (security T03)."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponseBase
from django.views.decorators.http import require_GET

from customers.access_log import note_read
from helpdesk.core import downloads
from helpdesk.core.requests import AgentRequest
from tickets.models import Attachment, Message


@login_required
@require_GET
def file(request: AgentRequest, pk: UUID) -> HttpResponseBase:
    messages = Message.objects.visible_to(request.user)
    within = Attachment.objects.filter(pk=pk, message__in=messages).select_related("message__ticket")
    attachment = within.exclude(verdict=Attachment.Verdict.INFECTED).first()
    if attachment is None:
        raise Http404
    ticket = attachment.message.ticket
    note_read(request.user, ticket.customer_id, "file", ticket.number)
    return served(attachment)


def served(attachment: Attachment) -> FileResponse:
    """The file with headers that let no browser run it. Raises Http404 when it is gone from the disk."""
    return downloads.served(attachment.file, attachment.name)
