"""`/api/v1/tickets/<number>/actions/`: what is suggested to be done with a ticket; done, dismissed or taken back on a partner's word."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.db.models import Case, QuerySet, Value, When
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assist.actions import deciding
from assist.actions.kinds import KINDS, Actor
from assist.models import Suggestion
from customers.access_log import note_read
from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import NewestFirst
from helpdesk.core.api.shaping import Shaped, parameters, refuse_changed, tagged
from tickets.api.tickets import find
from tickets.models import Ticket

OFFERED, DONE, DISMISSED = STATES = ("offered", "done", "dismissed")


class ActionSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=list(KINDS), source="source_kind")
    title = serializers.CharField()
    value = serializers.CharField(source="content", help_text="What it sets, adds or writes: a category's, team's or label's name, a text.")
    why = serializers.CharField()
    confidence = serializers.FloatField(source="confidence_score")
    state = serializers.ChoiceField(choices=STATES, help_text="What was dismissed is offered again once the customer has written again.")
    reason = serializers.SerializerMethodField(help_text="Why it was dismissed.")
    created_at = serializers.DateTimeField()

    def get_reason(self, action: Any) -> str:
        return str(action.details["dismissed"]["reason"]) if action.state == DISMISSED else ""


class DismissalInput(StrictSerializer):
    reason = serializers.ChoiceField(choices=list(deciding.REASONS))


class ActionFilter(filters.FilterSet):  # type: ignore[misc]
    state = filters.MultipleChoiceFilter(choices=[(one, one) for one in STATES])
    kind = filters.MultipleChoiceFilter(field_name="source_kind", choices=[(one, one) for one in KINDS])


EXAMPLE = OpenApiExample(
    "An action",
    value={
        "id": 4711,
        "kind": "priority",
        "title": "Set the priority high",
        "value": "high",
        "why": "The customer's whole warehouse stands still",
        "confidence": 0.72,
        "state": OFFERED,
        "reason": "",
        "created_at": "2026-11-20T09:00:00Z",
    },
    response_only=True,
)


class ActionList(Listed):
    scope = "tickets"
    serializer_class = ActionSerializer
    pagination_class = NewestFirst
    filterset_class = ActionFilter
    queryset = Suggestion.objects.none()

    def get_queryset(self) -> QuerySet[Suggestion]:
        return _of(find(self.request, self.kwargs["number"]))

    def note(self, request: Request, page: Any) -> None:
        note_read(request.user, {one.ticket.customer_id for one in page}, "actions", self.kwargs["number"])

    @extend_schema(operation_id="actions_list", responses=ActionSerializer(many=True), parameters=parameters(ActionSerializer))
    def get(self, request: Request, number: str) -> Response:
        return self.listed(request)


class OneAction(Shown):
    scope = "tickets"
    serializer_class = ActionSerializer
    queryset = Suggestion.objects.none()


class ActionDetail(OneAction):
    @extend_schema(operation_id="actions_read", responses=ActionSerializer, parameters=parameters(ActionSerializer), examples=[EXAMPLE])
    def get(self, request: Request, number: str, action: int) -> Response:
        ticket, found = _found(request, number, action)
        note_read(request.user, ticket.customer_id, "actions", ticket.number)
        return self.shown(request, found)


class ActionApproval(OneAction):
    @extend_schema(operation_id="actions_approve", request=None, responses=ActionSerializer, examples=[EXAMPLE])
    def post(self, request: Request, number: str, action: int) -> Response:
        """Do it; done twice, it is done once. 409 where the ticket forbids it. `ask` sends nothing: its `value` is yours to send."""
        return _decided(request, number, action, deciding.approve)


class ActionDismissal(OneAction):
    @extend_schema(
        operation_id="actions_dismiss",
        request=DismissalInput,
        responses=ActionSerializer,
        examples=[OpenApiExample("Not now", value={"reason": "later"}, request_only=True), EXAMPLE],
    )
    def post(self, request: Request, number: str, action: int) -> Response:
        """Not for what the customer said last. 409 when it was done: take it back instead."""
        _found(request, number, action)  # before the input is looked at: what they may not see is not there
        entered = DismissalInput(data=request.data)
        entered.is_valid(raise_exception=True)
        return _decided(request, number, action, partial(deciding.dismiss, reason=entered.validated_data["reason"]))


class ActionUndoing(OneAction):
    @extend_schema(operation_id="actions_undo", request=None, responses=ActionSerializer, examples=[EXAMPLE])
    def post(self, request: Request, number: str, action: int) -> Response:
        """Take it back. 409 when it was not done, or somebody has changed since what it did."""
        return _decided(request, number, action, deciding.undo)


def _of(ticket: Ticket) -> QuerySet[Suggestion]:
    """What was suggested for this ticket and still is, with how things stand. Two queries."""
    known = Suggestion.objects.filter(ticket=ticket, suggestion_type=Suggestion.Type.ACTION, source_kind__in=KINDS, retired_at=None)
    done = When(agent_clicked=True, then=Value(DONE))
    dismissed = When(details__dismissed__state=deciding.state_of(ticket), then=Value(DISMISSED))
    return known.select_related("ticket").annotate(state=Case(done, dismissed, default=Value(OFFERED)))


def _found(request: Request, number: str, action: int) -> tuple[Ticket, Suggestion]:
    ticket = find(request, number)
    found = _of(ticket).filter(pk=action).first()
    if found is None:
        raise Http404
    return ticket, found


def _decided(request: Request, number: str, action: int, deed: Callable[..., None]) -> Response:
    ticket, found = _found(request, number, action)
    refuse_changed(request, ActionSerializer(found).data)
    deed(found, by=cast("Actor", request.user))  # HasScope let nobody else in
    return tagged(ActionSerializer(_of(ticket).get(pk=action)).data)
