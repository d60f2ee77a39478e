"""`/api/realtime/`: a call begins, is heard, ends; and what is on offer in it."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assist.calls import holding, looking, parties, switchboard
from assist.calls.representation import offered
from assist.models import CallSession
from helpdesk.core.models import ApiKey, User
from tickets.api import placing

from .calls_input import EndInput, LineInput, StartInput, TranscriptionInput
from .calls_output import Ended, HeardOutput, LineOutput, OnOffer, Started

# What is read of a call whose words arrive: of a final, storing it brings the rest; a partial answers with the two counts.
FOR_WORDS = ("session_id", "started_at", "queue", "agent", "customer", "ticket", "suggestions_count", "questions_count")
KNOWN_FOR, MOST_KNOWN = 10.0, 2000  # seconds, and calls, that a process remembers

_known: dict[UUID, tuple[float, tuple[Any, ...]]] = {}


class CallView(APIView):
    scope = "calls"


class Start(CallView):
    @extend_schema(operation_id="call_start", request=StartInput, responses={200: Started, 201: Started})
    def post(self, request: Request) -> Response:
        entered = StartInput(data=request.data)
        entered.is_valid(raise_exception=True)
        opening = _own(request, entered.opening())
        known = switchboard.find(provider=opening.provider, call_id=opening.call_id)
        if known is not None and known.is_running:
            find(request, known.session_id)  # the same call_id may name another team's call, which is none of theirs
        session, opened = switchboard.start(opening)
        body = {"status": "success", "session_id": str(session.session_id), "call_id": session.call_id}
        return Response(body, status=201 if opened else 200)


class Transcription(CallView):
    @extend_schema(operation_id="call_transcription", request=TranscriptionInput, responses=HeardOutput)
    def post(self, request: Request) -> Response:
        entered = TranscriptionInput(data=request.data)
        entered.is_valid(raise_exception=True)
        session = _spoken_in(request, entered.validated_data["session_id"])
        hear = switchboard.hear if entered.validated_data["is_final"] else switchboard.partial
        return Response(asdict(hear(session, entered.spoken())))


class Line(CallView):
    @extend_schema(operation_id="call_line", request=LineInput, responses=LineOutput)
    def post(self, request: Request) -> Response:
        """Whether the caller is held or the agent muted, and how loud each side is."""
        entered = LineInput(data=request.data)
        entered.is_valid(raise_exception=True)
        told = entered.validated_data
        session = find(request, told["session_id"])
        if not session.is_running:
            raise switchboard.CallEnded(_("This call has ended."))
        holding.sounds(session, told.get("levels", {}))
        on_hold, muted = told.get("on_hold"), told.get("agent_muted")
        if on_hold is not None or muted is not None:
            session = holding.note(session, on_hold=on_hold, muted=muted)
        return Response({"status": "success", "session_id": str(session.session_id), **holding.shown(session)})


class End(CallView):
    @extend_schema(operation_id="call_end", request=EndInput, responses=Ended)
    def post(self, request: Request) -> Response:
        entered = EndInput(data=request.data)
        entered.is_valid(raise_exception=True)
        session = switchboard.end(find(request, entered.validated_data["session_id"]), entered.validated_data["status"])
        return Response(
            {
                "status": "success",
                "session_id": str(session.session_id),
                "duration_seconds": session.duration_seconds,
                "summary": session.summary,
                "ticket_id": session.ticket_id,
            }
        )


class Suggestions(CallView):
    @extend_schema(operation_id="call_suggestions", responses=OnOffer)
    def get(self, request: Request, session_id: UUID) -> Response:
        found = find(request, session_id)
        looking.note(found, "call", by=request.user)
        return Response(offered(found))


def find(request: Request, session_id: UUID, *, with_people: bool = True) -> CallSession:
    """The call, if this caller may see it. Raises Http404 otherwise, whatever the reason."""
    calls = CallSession.objects.visible_to(request.user).filter(session_id=session_id).order_by()
    calls = calls.with_people() if with_people else calls.only(*FOR_WORDS)
    session = next(iter(calls[:1]), None)
    if session is None:
        raise Http404
    return session


def _spoken_in(request: Request, session_id: UUID) -> CallSession:
    """The call that words are for. A key sees every call, and storing a final tells what has become of it: it is looked up now and then."""
    if not (isinstance(request.user, ApiKey) and request.user.oversees):
        return find(request, session_id, with_people=False)
    read_at, values = _known.get(session_id, (0.0, ()))
    names = [field.attname for field in CallSession._meta.concrete_fields if field.primary_key or field.name in FOR_WORDS]
    if not values or time.monotonic() - read_at > KNOWN_FOR:
        session = find(request, session_id, with_people=False)
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[session_id] = (time.monotonic(), tuple(getattr(session, name) for name in names))
        return session
    return CallSession.from_db("default", names, values)


def _own(request: Request, opening: switchboard.Opening) -> switchboard.Opening:
    """Who opens a call from the console opens their own; telephony systems and supervisors name the agent. A key of some teams: theirs."""
    user: Any = request.user
    if isinstance(user, User) and not (user.oversees and opening.agent_id):
        return replace(opening, agent_id=str(user.pk), agent_name=user.name)
    if isinstance(user, ApiKey) and not user.oversees:
        return replace(opening, queue=placing.queue_for(user, parties.queue_named(opening)).slug)
    return opening
