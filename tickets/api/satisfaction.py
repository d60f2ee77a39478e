"""`/api/v1/satisfaction/`: what customers thought, and a partner's own way of asking them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from customers.access_log import note_read
from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.listing import Listed
from helpdesk.core.api.paging import NewestFirst
from helpdesk.core.api.shaping import Shaped, parameters
from tickets import rating
from tickets.models import Rating, Ticket


class RatingFilter(filters.FilterSet):  # type: ignore[misc]
    ticket = filters.CharFilter(field_name="ticket__number", max_length=24)
    queue = filters.CharFilter(field_name="queue__slug", max_length=80)
    agent = filters.UUIDFilter(field_name="agent_id")
    score = filters.NumberFilter(field_name="score", min_value=1, max_value=5)
    source = filters.ChoiceFilter(choices=Rating.Source.choices)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")


class RatingSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.CharField()
    ticket = serializers.CharField(source="ticket.number")
    customer_id = serializers.CharField()
    queue = serializers.CharField(source="queue.slug", default=None, allow_null=True)
    agent_id = serializers.CharField(allow_null=True)
    score = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField()
    source = serializers.ChoiceField(Rating.Source.choices)  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()


class SatisfactionInput(StrictSerializer):
    ticket = serializers.CharField(max_length=24)
    score = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=rating.LONGEST_COMMENT, required=False, allow_blank=True)


class Satisfaction(Listed):
    scope = "tickets"
    serializer_class = RatingSerializer
    pagination_class = NewestFirst
    filterset_class = RatingFilter
    queryset = Rating.objects.none()

    def get_queryset(self) -> QuerySet[Rating]:
        return Rating.objects.visible_to(self.request.user).select_related("ticket", "queue")

    @extend_schema(operation_id="satisfaction_list", responses=RatingSerializer(many=True), parameters=parameters(RatingSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    def note(self, request: Request, page: Any) -> None:
        note_read(request.user, {given.customer_id for given in page}, "ratings", request.query_params.urlencode())

    @extend_schema(operation_id="satisfaction_create", request=SatisfactionInput, responses={201: RatingSerializer})
    def post(self, request: Request) -> Response:
        """A rating that was given elsewhere. One a ticket: another one changes it, for two weeks (then 409)."""
        entered = SatisfactionInput(data=request.data)
        entered.is_valid(raise_exception=True)
        data = entered.validated_data
        ticket = Ticket.objects.visible_to(request.user).select_related("customer").filter(number=data["ticket"].upper()).first()
        if ticket is None:
            raise ValidationError({"ticket": [_("There is no such ticket.")]})
        by: Any = request.user
        given = rating.rate(ticket=ticket, score=data["score"], comment=data.get("comment"), source=Rating.Source.API, by=by)
        return Response(RatingSerializer(given).data, status=201)
