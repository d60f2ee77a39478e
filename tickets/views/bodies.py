"""A formatted mail in a frame of its own, and the original as a file.

The frame has no scripts (sandbox without allow-scripts, `default-src 'none'`), no forms, no plug-ins and no base. It keeps our origin
only so that the console can read its height; with nothing in it that runs, there is nothing in it that could use the origin.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from customers.access_log import note_read
from helpdesk.core.requests import AgentRequest
from tickets.channels import html
from tickets.models import Message

FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)


@login_required
@require_GET
@xframe_options_sameorigin
def body(request: AgentRequest, pk: UUID) -> HttpResponse:
    message = _message(request, pk)
    pictures = {row.content_id: reverse("file", args=[row.pk]) for row in message.attachments.all() if row.content_id}
    shown = html.for_display(message.body_html, pictures=pictures)
    blocked = message.body_html.count("data-blocked-src") or shown.count(' data-blocked-src="')
    context = {"body": mark_safe(shown), "blocked": blocked, "language": message.ticket.language}  # noqa: S308 - nh3 cleaned it in for_display
    response = render(request, "tickets/frame.html", context)
    response["Content-Security-Policy"] = FRAME_POLICY
    response["Cache-Control"] = "private, max-age=300"
    return response


@login_required
@require_GET
def raw(request: AgentRequest, pk: UUID) -> HttpResponse:
    """The mail as it came in, to keep or to open elsewhere; never shown here."""
    message = _message(request, pk)
    if message.raw_mail is None:
        raise Http404
    note_read(request.user, message.ticket.customer_id, "mail as it came", message.ticket.number)
    response = HttpResponse(bytes(message.raw_mail.raw), content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="{message.ticket.number}-{str(pk)[:8]}.eml"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _message(request: AgentRequest, pk: UUID) -> Message:
    message = Message.objects.visible_to(request.user).select_related("ticket").filter(pk=pk).first()
    if message is None:
        raise Http404
    return message
