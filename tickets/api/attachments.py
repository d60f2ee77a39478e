"""`/api/v1/attachments/<id>/` and its content. Files come in with a message: `attachments` of `POST tickets/<number>/messages/`."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.access_log import note_read
from helpdesk.core import downloads
from helpdesk.core.api.listing import Shown
from helpdesk.core.api.shaping import parameters
from tickets.models import Attachment, Message

from .representation import AttachmentSerializer


class AttachmentDetail(Shown):
    scope = "tickets"
    serializer_class = AttachmentSerializer
    queryset = Attachment.objects.none()

    @extend_schema(operation_id="attachments_read", responses=AttachmentSerializer, parameters=parameters(AttachmentSerializer))
    def get(self, request: Request, pk: UUID) -> Response:
        return self.shown(request, _found(request, pk))


class AttachmentContent(Shown):
    scope = "tickets"
    serializer_class = AttachmentSerializer
    queryset = Attachment.objects.none()

    @extend_schema(
        operation_id="attachments_content",
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The file; a picture with its own type")},
    )
    def get(self, request: Request, pk: UUID) -> FileResponse:
        """An infected file is 404."""
        attachment = _found(request, pk)
        if attachment.verdict == Attachment.Verdict.INFECTED:
            raise Http404
        note_read(request.user, attachment.message.ticket.customer_id, "file", attachment.message.ticket.number)
        return downloads.served(attachment.file, attachment.name)


def _found(request: Request, pk: UUID) -> Attachment:
    within = Attachment.objects.filter(pk=pk, message__in=Message.objects.visible_to(request.user))
    attachment = within.select_related("message__ticket").first()
    if attachment is None:
        raise Http404
    return attachment
