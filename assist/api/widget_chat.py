"""`/api/widget/chat/…`: the visitor's own chat as their window shows it. Live news come by the contract's socket, `/ws/chat/<user_id>`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assist.chat import briefing, handing_over
from assist.models import ChatSession
from assist.widget import thread
from assist.widget.pages import LONGEST_LINE
from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.errors import Invalid, NotFound

from .widget import VisitorView, me

NAME = 100  # characters of a session's or a line's own name
LANGUAGE = 12  # characters of its code


class WordsInput(StrictSerializer):
    session_id = serializers.CharField(max_length=NAME)
    client_id = serializers.CharField(max_length=NAME, help_text="The window's own name for this line: sent twice, it is one line.")
    content = serializers.CharField(max_length=60_000, trim_whitespace=False)
    page = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    language = serializers.CharField(max_length=LANGUAGE, required=False, allow_blank=True, default="", help_text="Of the page.")


class SessionInput(StrictSerializer):
    session_id = serializers.CharField(max_length=NAME)


class HandoverInput(SessionInput):
    language = serializers.CharField(max_length=LANGUAGE, required=False, allow_blank=True, default="", help_text="Of the page.")


@extend_schema_serializer(component_name="WidgetSource")
class SourceOutput(serializers.Serializer[Any]):
    title = serializers.CharField()
    url = serializers.CharField()


@extend_schema_serializer(component_name="WidgetLine")
class LineOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    n = serializers.IntegerField()
    role = serializers.ChoiceField(["user", "assistant", "agent"])
    name = serializers.CharField()
    content = serializers.CharField()
    client_id = serializers.CharField()
    sources = SourceOutput(many=True)
    rating = serializers.IntegerField(allow_null=True)
    timestamp = serializers.DateTimeField()


class StateOutput(serializers.Serializer[Any]):
    session_id = serializers.CharField()
    state = serializers.ChoiceField(ChatSession.State.choices)
    position = serializers.IntegerField(help_text="In line for a person; 0 while nobody is waited for.")
    anybody = serializers.BooleanField(help_text="Whether there is a person who could come; true while nobody is waited for.")
    agent = serializers.CharField()
    lines = serializers.IntegerField()
    ticket = serializers.CharField(allow_null=True)
    rating = serializers.IntegerField(allow_null=True)


class ThreadOutput(serializers.Serializer[Any]):
    session = StateOutput(allow_null=True)
    lines = LineOutput(many=True)


class Chat(VisitorView):
    @extend_schema(
        operation_id="widget_chat",
        parameters=[OpenApiParameter("session_id", str), OpenApiParameter("after", int, description="Number of the last line seen.")],
        responses=ThreadOutput,
    )
    def get(self, request: Request) -> Response:
        session = thread.find(me(request), request.query_params.get("session_id", "")[:NAME])
        return _thread(session, request.query_params.get("after", "0"))

    @extend_schema(operation_id="widget_say", request=WordsInput, responses=ThreadOutput)
    def post(self, request: Request) -> Response:
        entered = WordsInput(data=request.data)
        entered.is_valid(raise_exception=True)
        session = thread.say(me(request), **entered.validated_data, longest=LONGEST_LINE)
        return _thread(session, request.query_params.get("after", "0"))


class Handovers(VisitorView):
    """The button "Talk to a person": it works whatever the assistant understands."""

    @extend_schema(operation_id="widget_handover", request=HandoverInput, responses=ThreadOutput)
    def post(self, request: Request) -> Response:
        entered = HandoverInput(data=request.data)
        entered.is_valid(raise_exception=True)
        session = thread.enter(me(request), **entered.validated_data)
        handing_over.hand_over(session, briefing.ASKED)
        return _thread(session, request.query_params.get("after", "0"))


class Endings(VisitorView):
    @extend_schema(operation_id="widget_end", request=SessionInput, responses=ThreadOutput)
    def post(self, request: Request) -> Response:
        entered = SessionInput(data=request.data)
        entered.is_valid(raise_exception=True)
        session = thread.find(me(request), entered.validated_data["session_id"])
        if session is None:
            raise NotFound
        thread.end(session)
        return _thread(session, request.query_params.get("after", "0"))


def _thread(session: ChatSession | None, after: str) -> Response:
    if not (after.isascii() and after.isdigit() and len(after) < 10):  # noqa: PLR2004
        raise Invalid("“after” is the number of a line.")
    return Response(thread.as_json(session, int(after)), headers={"Cache-Control": "no-store"})
