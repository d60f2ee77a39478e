"""Webhooks of telephony systems: `POST /api/realtime/acd/<provider>/<key>` (contract section 2).

The key in the address says which connection is meant; for providers that sign nothing it is also the secret. A wrong key,
a connection that is off and a sender from outside the address list all look the same: there is nothing here (404).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assist.acd import receiving
from assist.acd.base import FORM, JSON, Incoming
from assist.models import AcdConnection
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.limits import client_address


class TooLarge(HelpdeskError):
    """The event is larger than 256 kB."""

    code = "too-large"
    status = 413


class Webhook(APIView):
    authentication_classes = ()  # signature or secret address are the credential
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @extend_schema(
        operation_id="acd_webhook",
        request={JSON: OpenApiTypes.OBJECT, FORM: OpenApiTypes.OBJECT},
        responses={200: OpenApiTypes.OBJECT, 204: OpenApiResponse(description="Kept")},
        auth=[],
    )
    def post(self, request: Request, provider: str, key: str) -> Response:
        connection = AcdConnection.objects.at(provider, key)
        if connection is None or not receiving.welcome(connection, client_address(request._request)):
            raise Http404
        reply = receiving.receive(connection, incoming_of(request._request, connection))
        return Response(status=204) if reply.body is None else Response(reply.body)


def incoming_of(request: HttpRequest, connection: AcdConnection) -> Incoming:
    """The request as it arrived. Raises TooLarge, UnsupportedMediaType."""
    kind = (request.content_type or "").lower()
    if kind != FORM and not kind.endswith("json"):
        raise UnsupportedMediaType(kind or _("nothing"))
    if int(request.META.get("CONTENT_LENGTH") or 0) > receiving.LARGEST or len(request.body) > receiving.LARGEST:
        raise TooLarge
    return Incoming(
        body=request.body,
        content_type=request.META.get("CONTENT_TYPE", ""),
        urls=addresses(connection, request.get_full_path()),
        headers={name.lower(): value for name, value in request.headers.items()},
        address=client_address(request),
    )


def addresses(connection: AcdConnection, path: str) -> tuple[str, ...]:
    """Where the provider may have reached us: from the settings, never from the Host header (security T34)."""
    own: Any = connection.settings.get("public_url", "")
    return tuple(f"{base.rstrip('/')}{path}" for base in (str(own), settings.SITE_URL) if base)
