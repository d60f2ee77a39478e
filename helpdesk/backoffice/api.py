"""`/api/v1/metrics/summary/` and `/api/v1/satisfaction/summary/`: the dashboard's figures as data."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.api.permissions import HasScope
from helpdesk.core.models import User
from tickets.models import Queue, Ticket

from .metrics import assistance, people, reading
from .metrics.scope import CLOCKS, LONGEST, PERIODS, Scope


class ScopeInput(StrictSerializer):
    period = serializers.ChoiceField(tuple(PERIODS), required=False, help_text="Instead of `from` and `to`")
    to = serializers.DateField(required=False, help_text="Last day, included; today without it")
    queue = serializers.CharField(required=False, max_length=80, help_text="A queue's slug")
    channel = serializers.ChoiceField(Ticket.Channel.choices, required=False)
    clock = serializers.ChoiceField(tuple(CLOCKS), required=False, help_text="How waits are counted; in business hours without it")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's."""
        return {**super().get_fields(), "from": serializers.DateField(required=False, help_text="First day")}

    def validate_queue(self, value: str) -> str:
        if not Queue.objects.filter(slug=value).exists():
            raise ValidationError(_("There is no such queue."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("from"), attrs.get("to")
        if first and last and (last < first or (last - first).days >= LONGEST):
            raise ValidationError({"to": [_("At least `from`, and at most a year after it.")]})
        return attrs


class SatisfactionInput(ScopeInput):
    by = serializers.ChoiceField(tuple(people.RATED_BY), default="queue")


class SummarySerializer(serializers.Serializer[Any]):
    period_from = serializers.DateField()
    period_to = serializers.DateField()
    total_tickets = serializers.IntegerField(help_text="Opened in the period")
    resolved_tickets = serializers.IntegerField()
    open_tickets = serializers.IntegerField(help_text="Now")
    overdue_tickets = serializers.IntegerField(help_text="Now")
    avg_response_time = serializers.FloatField(allow_null=True, help_text="Seconds until the first answer by a person")
    median_response_time = serializers.FloatField(allow_null=True)
    p90_response_time = serializers.FloatField(allow_null=True)
    median_resolution_time = serializers.FloatField(allow_null=True)
    p90_resolution_time = serializers.FloatField(allow_null=True)
    sla_met = serializers.FloatField(allow_null=True, help_text="0..1")
    satisfaction_score = serializers.FloatField(allow_null=True, help_text="Share of ratings of 4 and 5, 0..1")
    average_rating = serializers.FloatField(allow_null=True, help_text="1..5")
    ratings = serializers.IntegerField()
    escalation_rate = serializers.FloatField(allow_null=True, help_text="0..1")
    negative_share = serializers.FloatField(allow_null=True, help_text="0..1")
    drafts_shown = serializers.IntegerField()
    draft_acceptance = serializers.FloatField(allow_null=True, help_text="0..1")
    triage_accuracy = serializers.FloatField(allow_null=True, help_text="0..1")
    model_cost = serializers.DecimalField(max_digits=14, decimal_places=6, help_text="US dollars")
    live_calls = serializers.IntegerField()
    live_chats = serializers.IntegerField()


class RateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    ratings = serializers.IntegerField()
    average = serializers.FloatField()
    satisfied = serializers.FloatField(help_text="Share of 4 and 5, 0..1")


class RatesSerializer(serializers.Serializer[Any]):
    results = RateSerializer(many=True)


class OverseersScope(HasScope):
    """A key by its scope; of the people, those who see every queue."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, User) and not request.user.oversees:
            return False
        return super().has_permission(request, view)


class MetricsSummary(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "metrics"
    permission_classes = (OverseersScope,)
    serializer_class = SummarySerializer
    pagination_class = None
    filter_backends = ()
    queryset = Ticket.objects.none()

    @extend_schema(operation_id="metrics_summary", parameters=[ScopeInput], responses=SummarySerializer)
    def get(self, request: Request) -> Response:
        """Key figures of a period (30 days without one), for all queues or one."""
        return Response(SummarySerializer(summary(asked_scope(request, ScopeInput))).data)


class SatisfactionSummary(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "metrics"
    permission_classes = (OverseersScope,)
    serializer_class = RatesSerializer
    pagination_class = None
    filter_backends = ()
    queryset = Ticket.objects.none()

    @extend_schema(operation_id="satisfaction_summary", parameters=[SatisfactionInput], responses=RatesSerializer)
    def get(self, request: Request) -> Response:
        """Ratings by queue, agent, channel or engine (`people` where no draft was used)."""
        by = request.query_params.get("by", "queue")
        return Response({"results": people.rates(asked_scope(request, SatisfactionInput), by)})


def asked_scope(request: Request, kind: type[ScopeInput]) -> Scope:
    """The period, team and channel that were asked for. Raises ValidationError."""
    entered = kind(data=request.query_params.dict())
    entered.is_valid(raise_exception=True)
    given = entered.validated_data
    days = {name: given[name].isoformat() for name in ("from", "to") if name in given}
    period = {} if days else {"period": given.get("period", "30d")}
    if "to" in days and "from" not in days:
        days["from"] = days["to"]
    if "from" in days and "to" not in days:
        period = {"period": "today"}
    return Scope.asked({**period, **days, **{name: given[name] for name in ("queue", "channel", "clock") if name in given}})


def summary(scope: Scope) -> dict[str, Any]:
    """Of the contract's section 8, and what stands beside it on the dashboard."""
    now, standing, satisfied = reading.counted(scope).total(), people.standing(scope), people.satisfaction(scope)
    reply, solution = reading.waited("first_reply", scope, "channel").whole, reading.waited("resolution", scope, "channel").whole
    given = assistance.given(scope)
    drafts = given.drafts

    def share(part: int, whole: int) -> float | None:
        return part / whole if whole else None

    return {
        "period_from": scope.first,
        "period_to": scope.last,
        "total_tickets": now["created"],
        "resolved_tickets": now["solved"],
        "open_tickets": standing.open,
        "overdue_tickets": standing.overdue,
        "avg_response_time": reply.mean,
        "median_response_time": reply.p50,
        "p90_response_time": reply.p90,
        "median_resolution_time": solution.p50,
        "p90_resolution_time": solution.p90,
        "sla_met": share(now["met"], now["met"] + now["missed"]),
        "satisfaction_score": satisfied.good,
        "average_rating": satisfied.mean,
        "ratings": satisfied.n,
        "escalation_rate": share(now["escalated"], now["created"]),
        "negative_share": share(now["negative"], now["felt"]),
        "drafts_shown": drafts.shown,
        "draft_acceptance": share(drafts.used, drafts.shown),
        "triage_accuracy": given.accuracy[1],
        "model_cost": given.spend.total,
        "live_calls": standing.calls,
        "live_chats": standing.chats,
    }
