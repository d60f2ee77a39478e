"""`POST /api/v1/socket-tickets`: a key to one call's socket or stream, or to one user's chat, for whoever cannot send a header."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assist.chat import visitors
from assist.chat.visitors import Visitor
from helpdesk.core import socket_access
from helpdesk.core.api.authentication import ApiKeyAuthentication
from helpdesk.core.errors import NotFound
from helpdesk.core.models import ApiKey, User

from .calls import find
from .calls_input import SocketTicketInput
from .calls_output import SocketTicketOutput
from .visitor_authentication import VisitorAuthentication


class MayWatch(BasePermission):
    """Agents, keys that may read calls or chats, and a widget's visitor. Which object each opens is asked for each."""

    def has_permission(self, request: Request, view: Any) -> bool:
        viewer: Any = request.user
        if isinstance(viewer, ApiKey):
            return viewer.allows("calls:read") or viewer.allows("chat:read")
        return isinstance(viewer, Visitor | User) and viewer.is_active


class SocketTickets(APIView):
    authentication_classes = (VisitorAuthentication, ApiKeyAuthentication, SessionAuthentication)
    permission_classes = (MayWatch,)

    @extend_schema(operation_id="socket_ticket", request=SocketTicketInput, responses={201: SocketTicketOutput})
    def post(self, request: Request) -> Response:
        entered = SocketTicketInput(data=request.data)
        entered.is_valid(raise_exception=True)
        said = entered.validated_data
        secret = _to_chat(request, said["user_id"]) if "user_id" in said else _to_call(request, said["session_id"])
        return Response({"ticket": secret, "expires_in": int(socket_access.TICKET_LIFETIME.total_seconds())}, status=201)


def _to_call(request: Request, session_id: Any) -> str:
    viewer: Any = request.user
    if isinstance(viewer, Visitor) or (isinstance(viewer, ApiKey) and not viewer.allows("calls:read")):
        raise NotFound
    return socket_access.issue_ticket(viewer, bound_to=f"call:{find(request, session_id).session_id}")


def _to_chat(request: Request, user_id: str) -> str:
    """A visitor's own chat, or that of a user for whom a partner speaks; agents talk in their console."""
    viewer: Any = request.user
    if isinstance(viewer, Visitor) and viewer.user_id == user_id:
        return visitors.issue_ticket(viewer)
    if isinstance(viewer, ApiKey) and viewer.allows("chat:read"):
        return socket_access.issue_ticket(viewer, bound_to=f"chat:{user_id}")
    raise NotFound
