"""Attachments: only for those who may see the ticket, and as downloads, unless it really is a picture (security T03)."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from tickets.models import Attachment, Message

FILE_POLICY = "sandbox; default-src 'none'"


@login_required
@require_GET
def file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    messages = Message.objects.visible_to(request.user)
    attachment = Attachment.objects.filter(pk=pk, message__in=messages).exclude(verdict=Attachment.Verdict.INFECTED).first()
    if attachment is None:
        raise Http404
    return served(attachment)


def served(attachment: Attachment) -> FileResponse:
    """The file with headers that let no browser run it. Raises Http404 when it is gone from the disk."""
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as gone:
        raise Http404 from gone
    picture = picture_type(content.read(16))
    content.seek(0)
    kind = picture or "application/octet-stream"
    response = FileResponse(content, as_attachment=not picture, filename=attachment.name.replace("\r", " ").replace("\n", " "), content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = FILE_POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def picture_type(start: bytes) -> str:
    """The type by the file's first bytes, of the four that may be shown in a page; "" for everything else."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if start[:4] == b"RIFF" and start[8:12] == b"WEBP" else ""
