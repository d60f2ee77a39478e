"""`/api/v1/ai/costs/` and `/api/v1/ai/ledger/`: what language models were asked, and what that cost. Figures alone, no words."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.listing import Listed
from helpdesk.core.api.paging import LONGEST_CURSOR, Cursor, NewestFirst, Place
from helpdesk.core.api.shaping import Shaped, parameters
from helpdesk.core.models import ModelCall
from tickets.models import Ticket

from .api import OverseersScope, ScopeInput, asked_scope
from .metrics import costs
from .metrics.scope import Scope

TICKET = "ticket"
GROUPS = ("day", "task", "model", "queue", TICKET)


class CostsInput(ScopeInput):
    by = serializers.ChoiceField(GROUPS, default="day")
    limit = serializers.IntegerField(
        min_value=1, max_value=Cursor.most, default=Cursor.usual, help_text="Tickets a page; all else comes whole"
    )
    cursor = serializers.CharField(required=False, max_length=LONGEST_CURSOR, help_text="From `next` or `previous`")

    def get_fields(self) -> dict[str, Any]:
        """Money is counted around the clock."""
        return {name: field for name, field in super().get_fields().items() if name != "clock"}


class SpentSerializer(serializers.Serializer[Any]):
    calls = serializers.IntegerField(help_text="Questions to a model")
    failed = serializers.IntegerField(help_text="Of these: no answer came, or none that fits")
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    cost = serializers.DecimalField(max_digits=18, decimal_places=6, help_text="US dollars")


class CostLineSerializer(SpentSerializer):
    key = serializers.CharField(
        allow_null=True, help_text="The day, task, model, queue's slug or ticket's number; null: of no queue, or a ticket that is gone"
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "By task",
            {
                "period_from": "2026-11-01",
                "period_to": "2026-11-30",
                "by": "task",
                "total": {"calls": 1240, "failed": 3, "tokens_in": 2150400, "tokens_out": 310200, "cost": "9.870000"},
                "next": None,
                "previous": None,
                "results": [
                    {"calls": 900, "failed": 2, "tokens_in": 1650400, "tokens_out": 240100, "cost": "7.520000", "key": "reply"},
                    {"calls": 340, "failed": 1, "tokens_in": 500000, "tokens_out": 70100, "cost": "2.350000", "key": "chat"},
                ],
            },
            response_only=True,
        )
    ]
)
class CostsSerializer(serializers.Serializer[Any]):
    period_from = serializers.DateField()
    period_to = serializers.DateField()
    by = serializers.CharField()
    total = SpentSerializer(help_text="Of the whole period, on every page; by ticket, also what is about none")
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = CostLineSerializer(many=True)


class DearestFirst(Cursor):
    """Tickets by what they cost. A sum is no column, so a place is a sum and what it is about."""

    ordering, allowed = ("-cost",), ()

    def _order(self, request: Request) -> tuple[str, bool]:
        return "cost", True

    def read(self, cursor: str | None, queryset: Any, name: str) -> Place | None:
        if not cursor:
            return None
        try:
            cost, about, backwards = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=="))
            if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", cost) or not re.fullmatch(r"ticket:[0-9a-f-]{36}", about):
                raise ValueError(cursor)
            return Place(Decimal(cost), about, bool(backwards))
        except (ValueError, TypeError, RecursionError, binascii.Error, InvalidOperation) as error:
            raise ValidationError({"cursor": [_("This is not a cursor of this list.")]}) from error

    def behind(self, queryset: Any, name: str, place: Place | None, *, descending: bool) -> Any:
        rows = queryset.order_by("-cost", "what") if descending else queryset.order_by("cost", "-what")
        if place is None:
            return rows
        tied = Q(cost=place.value, what__gt=place.pk) if descending else Q(cost=place.value, what__lt=place.pk)
        return rows.filter((Q(cost__lt=place.value) if descending else Q(cost__gt=place.value)) | tied)

    def place(self, one: Any, name: str) -> Place:
        return Place(one["cost"], one["what"])


class Costs(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "ai"
    permission_classes = (OverseersScope,)
    serializer_class = CostsSerializer
    pagination_class = None
    filter_backends = ()
    queryset = ModelCall.objects.none()
    parameters = ("period", "from", "to", "queue", "channel", "by", "limit", "cursor")

    @extend_schema(operation_id="ai_costs", parameters=[CostsInput], responses=CostsSerializer)
    def get(self, request: Request) -> Response:
        """Spent on models in a period (of 30 days), by day, task, model, queue or ticket; days in order, else the dearest first."""
        scope, by = asked_scope(request, CostsInput), request.query_params.get("by", "day")
        page = self._tickets(request, scope) if by == TICKET else {"next": None, "previous": None, "results": _lines(by, scope)}
        told = {"period_from": scope.first, "period_to": scope.last, "by": by, "total": costs.whole(scope), **page}
        return Response(CostsSerializer(told).data)

    def _tickets(self, request: Request, scope: Scope) -> dict[str, Any]:
        pager = DearestFirst()
        rows = pager.paginate_queryset(costs.tickets(scope), request, self)
        ids = {row["what"]: UUID(row["what"].partition(":")[2]) for row in rows}
        numbers = dict(Ticket.objects.visible_to(request.user).filter(pk__in=ids.values()).values_list("pk", "number"))
        return pager.get_paginated_response([row | {"key": numbers.get(ids[row["what"]])} for row in rows]).data


def _lines(by: str, scope: Scope) -> list[dict[str, Any]]:
    if by == "day":
        return [asdict(one) | {"key": one.what.isoformat()} for one in costs.by_day(scope)]
    found = costs.by_queue(scope, "slug") if by == "queue" else costs.by(by, scope)
    return [asdict(one) | {"key": one.what or None} for one in found]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A drafted reply",
            {
                "id": 48121,
                "created_at": "2026-11-26T09:14:03.120000Z",
                "task": "reply",
                "prompt": "reply@3",
                "model": "small-1",
                "outcome": "done",
                "error": "",
                "attempts": 1,
                "tokens_in": 1840,
                "tokens_out": 212,
                "cost": "0.004120",
                "ms": 1930,
                "first_ms": 410,
                "about": "ticket:6c2f0f0e-58f6-4f8e-9a5c-0d6c0f1f3c52",
                "request_id": "b1c9",
                "experiment": None,
                "arm": None,
            },
            response_only=True,
        )
    ]
)
class CallLineSerializer(Shaped, serializers.ModelSerializer[ModelCall]):
    experiment = serializers.UUIDField(source="experiment_ref", allow_null=True)
    arm = serializers.UUIDField(source="arm_ref", allow_null=True)

    class Meta:
        model = ModelCall
        fields = (
            "id", "created_at", "task", "prompt", "model", "outcome", "error", "attempts", "tokens_in", "tokens_out", "cost", "ms",
            "first_ms", "about", "request_id", "experiment", "arm",
        )  # fmt: skip
        read_only_fields = fields


class CallLineFilter(filters.FilterSet):  # type: ignore[misc]
    task = filters.CharFilter(max_length=40)
    model = filters.CharFilter(max_length=100)
    outcome = filters.MultipleChoiceFilter(choices=ModelCall.Outcome.choices)
    experiment = filters.UUIDFilter(field_name="experiment_ref")
    arm = filters.UUIDFilter(field_name="arm_ref")
    ticket = filters.CharFilter(method="about_ticket", max_length=24, label="A ticket's number")
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")

    def about_ticket(self, queryset: QuerySet[ModelCall], _name: str, value: str) -> QuerySet[ModelCall]:
        ticket = Ticket.objects.visible_to(self.request.user).filter(number__iexact=value).values_list("pk", flat=True).first()
        return queryset.filter(about=f"ticket:{ticket}") if ticket else queryset.none()


class Ledger(Listed):
    scope = "ai"
    permission_classes = (OverseersScope,)
    serializer_class = CallLineSerializer
    pagination_class = NewestFirst
    filterset_class = CallLineFilter
    queryset = ModelCall.objects.none()

    def get_queryset(self) -> QuerySet[ModelCall]:
        return ModelCall.objects.defer("payload", "answer")

    @extend_schema(operation_id="ai_ledger_list", responses=CallLineSerializer(many=True), parameters=parameters(CallLineSerializer))
    def get(self, request: Request) -> Response:
        """Every question to a model. The words stay on the page, where it is written down who reads them."""
        return self.listed(request)
