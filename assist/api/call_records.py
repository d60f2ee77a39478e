"""`/api/v1/calls/`: calls as records, for reports and partner systems. What happens in a running call comes from `/api/realtime/`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assist.calls import looking, screen
from assist.calls.representation import ever_offered
from assist.models import CallSession, TranscriptionSegment
from customers import identity
from customers.access_log import note_read
from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.listing import Listed
from helpdesk.core.api.paging import Cursor
from helpdesk.core.api.shaping import Shaped, parameters, tagged
from helpdesk.core.models import User

from .calls import find
from .calls_output import EntityOutput, QuestionOutput, SuggestionOutput

MOST_SEGMENTS = 2000  # a call of more than three hours


class CallOutput(Shaped, serializers.ModelSerializer[CallSession]):
    id = serializers.UUIDField(source="session_id")
    agent = serializers.UUIDField(source="agent_id", allow_null=True)
    agent_name = serializers.CharField(source="agent.name", default="")
    customer_id = serializers.UUIDField(allow_null=True)
    customer_name = serializers.CharField(source="customer.name", default="")
    queue = serializers.CharField(source="queue.slug", default=None, allow_null=True)
    ticket_id = serializers.CharField(allow_null=True)
    duration_seconds = serializers.IntegerField()
    action_items = serializers.ListField(child=serializers.CharField())
    disposition = serializers.ChoiceField(CallSession.Disposition.choices, allow_blank=True)

    class Meta:
        model = CallSession
        fields = (
            "id", "call_id", "provider", "status", "direction", "agent", "agent_name", "customer_id", "customer_name", "phone", "queue",
            "ticket_id", "started_at", "answered_at", "ended_at", "duration_seconds", "summary", "action_items", "disposition",
            "wrapped_up_at",
        )  # fmt: skip
        read_only_fields = fields


class SegmentOutput(serializers.ModelSerializer[TranscriptionSegment]):
    class Meta:
        model = TranscriptionSegment
        fields = ("id", "speaker", "text", "start_time", "end_time", "confidence", "created_at")
        read_only_fields = fields


class WholeCallOutput(CallOutput):
    """With what was said, heard and offered, cards and questions that were taken back included."""

    entities = EntityOutput(many=True)
    segments = SegmentOutput(many=True)
    segments_complete = serializers.BooleanField(help_text="False: the call has more than 2,000 segments; the first are given.")
    suggestions = SuggestionOutput(many=True)
    clarifying_questions = QuestionOutput(many=True)

    class Meta(CallOutput.Meta):
        fields = (*CallOutput.Meta.fields, "entities", "segments", "segments_complete", "suggestions", "clarifying_questions")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class CallFilter(filters.FilterSet):  # type: ignore[misc]
    status = filters.MultipleChoiceFilter(choices=CallSession.Status.choices)
    provider = filters.CharFilter(max_length=20)
    disposition = filters.ChoiceFilter(choices=CallSession.Disposition.choices)
    queue = filters.CharFilter(field_name="queue__slug", max_length=80)
    agent = filters.UUIDFilter(field_name="agent_id")
    customer = filters.CharFilter(method="of_customer", max_length=150, label="Our id or yours")
    call_id = filters.CharFilter(max_length=255)
    ticket_id = filters.CharFilter(max_length=24)
    started_after = MomentFilter(field_name="started_at", lookup_expr="gte")
    started_before = MomentFilter(field_name="started_at", lookup_expr="lt")

    def of_customer(self, queryset: QuerySet[CallSession], _name: str, value: str) -> QuerySet[CallSession]:
        customer = identity.find(customer_id=value)
        return queryset.filter(customer=customer) if customer else queryset.none()


class CallCursor(Cursor):
    ordering = ("-started_at", "-id")
    allowed = ("started_at",)


class CallList(Listed):
    scope = "calls"
    serializer_class = CallOutput
    pagination_class = CallCursor
    filterset_class = CallFilter
    queryset = CallSession.objects.none()

    def get_queryset(self) -> QuerySet[CallSession]:
        return CallSession.objects.visible_to(self.request.user).with_people()

    @extend_schema(operation_id="calls_list", responses=CallOutput(many=True), parameters=parameters(CallOutput))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    def note(self, request: Request, page: Any) -> None:
        note_read(request.user, {call.customer_id for call in page if call.customer_id}, "calls", request.query_params.urlencode())


class CallDetail(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "calls"
    serializer_class = WholeCallOutput
    filter_backends = ()
    queryset = CallSession.objects.none()

    @extend_schema(operation_id="calls_read", responses=WholeCallOutput)
    def get(self, request: Request, session_id: UUID) -> Response:
        call = find(request, session_id)
        if isinstance(request.user, User) and not screen.may_open(call, request.user):
            raise Http404  # a colleague's running call is for those who oversee it, as on the page
        looking.note(call, "call", by=request.user)
        return tagged(CallOutput(call).data | _what_was_said(call))


def _what_was_said(call: CallSession) -> dict[str, Any]:
    segments = list(TranscriptionSegment.objects.filter(session=call).in_order()[: MOST_SEGMENTS + 1])
    return {
        "entities": call.entities,
        "segments": SegmentOutput(segments[:MOST_SEGMENTS], many=True).data,
        "segments_complete": len(segments) <= MOST_SEGMENTS,
        **ever_offered(call),
    }
