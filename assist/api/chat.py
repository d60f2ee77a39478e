"""`/api/chat`, `/api/users/…`, `/api/feedback`: what a partner's system or a visitor's window says, and reads again."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assist.chat import attending, conversation, frames
from assist.chat.callers import Caller, caller
from assist.chat.visitors import Visitor
from assist.models import ChatMessage, ChatSession
from customers.access_log import note_read
from helpdesk.core.api.authentication import ApiKeyAuthentication
from helpdesk.core.api.permissions import scope_of
from helpdesk.core.errors import Invalid
from helpdesk.core.models import ApiKey
from tickets.api.representation import TicketSerializer
from tickets.models.escalation import with_open

from .chat_input import FeedbackInput, SayInput
from .chat_output import INTERNAL, AnswerOutput, HistoryOutput, ReceivedOutput, TicketsOutput, answered
from .visitor_authentication import VisitorAuthentication

MOST, USUAL = 100, 20
MOST_WORDS, LONGEST_WORDS = 8, 200


class MayChat(BasePermission):
    """A key with the scope, or a visitor; agents talk in their console."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, ApiKey):
            return request.user.allows(scope_of(request.method or "GET", view))
        return isinstance(request.user, Visitor)


class ChatView(APIView):
    scope = "chat"
    authentication_classes = (VisitorAuthentication, ApiKeyAuthentication, SessionAuthentication)
    permission_classes = (MayChat,)


class Say(ChatView):
    @extend_schema(operation_id="chat_say", request=SayInput, responses=AnswerOutput)
    def post(self, request: Request) -> Response:
        entered = SayInput(data=request.data)
        entered.is_valid(raise_exception=True)
        given = entered.validated_data
        who = caller(request.user, given["user_id"], make=True)
        session = who.enter(given.get("session_id") or "")
        try:
            answer = conversation.say(session, given["content"], client_id=given.get("client_id") or "")
        except conversation.TooFast as error:
            raise Throttled(wait=conversation.A_MINUTE, detail=error.detail) from error
        return Response(answered(answer))


class Tickets(ChatView):
    @extend_schema(operation_id="chat_user_tickets", responses=TicketsOutput)
    def get(self, request: Request, user: str) -> Response:
        who = caller(request.user, user)
        _note(who, "tickets")
        theirs = with_open(who.tickets().with_people()).prefetch_related("tags", "customer__contact_points")
        found = theirs.order_by("-created_at")[:MOST]
        shown: list[dict[str, Any]] = [dict(one) for one in TicketSerializer(found, many=True).data]
        if isinstance(who.viewer, Visitor):
            shown = [{**one, **INTERNAL} for one in shown]
        return Response({"tickets": shown})


class History(ChatView):
    @extend_schema(
        operation_id="chat_history",
        parameters=[OpenApiParameter("limit", int), OpenApiParameter("q", str, description="Every one of these words.")],
        responses=HistoryOutput,
    )
    def get(self, request: Request, user: str) -> Response:
        """The newest lines that fit, in the order in which they were said."""
        who = caller(request.user, user)
        _note(who, "chat history")
        found = _with_words(ChatMessage.objects.filter(session__customer=who.customer), request.query_params.get("q", ""))
        newest = found.select_related("session").order_by("-created_at", "-n")[: _limit(request)]
        return Response({"messages": [frames.history(one) for one in reversed(newest)]})


class Feedback(ChatView):
    @extend_schema(operation_id="chat_feedback", request=FeedbackInput, responses={201: ReceivedOutput})
    def post(self, request: Request) -> Response:
        entered = FeedbackInput(data=request.data)
        entered.is_valid(raise_exception=True)
        given = entered.validated_data
        who = caller(request.user, given["user_id"])
        session = ChatSession.objects.filter(customer=who.customer, session_id=given["session_id"]).first()
        if session is None:
            raise Http404
        rating, comment = given["rating"], given.get("comment") or ""
        if given.get("message_id") is None:
            attending.rate(session, rating, comment)
        elif not session.messages.filter(pk=given["message_id"], role__in=ChatMessage.SPOKEN).update(rating=rating, comment=comment):
            raise Http404
        return Response({"status": "received"}, status=201)


def _with_words(lines: QuerySet[ChatMessage], words: str) -> QuerySet[ChatMessage]:
    for word in words[:LONGEST_WORDS].replace("\x00", " ").split()[:MOST_WORDS]:
        lines = lines.filter(content__icontains=word)
    return lines


def _limit(request: Request) -> int:
    given = request.query_params.get("limit", str(USUAL))
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= MOST):
        raise Invalid(f"“limit” is a number from 1 to {MOST}.", errors={"limit": [f"1 to {MOST}"]})
    return int(given)


def _note(who: Caller, what: str) -> None:
    viewer = who.viewer if isinstance(who.viewer, ApiKey) else who.customer
    note_read(viewer, who.customer.pk, what, "chat")
