"""`POST /api/v1/socket-tickets`: a key to one call's socket or stream, for whoever cannot send a header."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from helpdesk.core import socket_access

from .calls import find
from .calls_input import SocketTicketInput
from .calls_output import SocketTicketOutput


class SocketTickets(APIView):
    scope = "calls"
    scopes: ClassVar[dict[str, str]] = {"POST": "calls:read"}  # it opens what its holder may read

    @extend_schema(operation_id="socket_ticket", request=SocketTicketInput, responses={201: SocketTicketOutput})
    def post(self, request: Request) -> Response:
        entered = SocketTicketInput(data=request.data)
        entered.is_valid(raise_exception=True)
        session = find(request, entered.validated_data["session_id"])
        viewer: Any = request.user  # an agent or a key: HasScope let nobody else in
        secret = socket_access.issue_ticket(viewer, bound_to=f"call:{session.session_id}")
        return Response({"ticket": secret, "expires_in": int(socket_access.TICKET_LIFETIME.total_seconds())}, status=201)
