"""`/api/v1/experiments/`: what is tried, and what each arm came to. Read only: a person starts, stops and decides on the page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assist.experiments import judging
from assist.models import Experiment
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import NewestFirst
from helpdesk.core.api.shaping import Shaped, parameters
from helpdesk.core.errors import NotFound

from .api import OverseersScope


class ArmSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    engine = serializers.CharField(help_text="model or local")
    model = serializers.CharField(help_text="Empty: the one in use")
    prompt_number = serializers.IntegerField(allow_null=True, help_text="null: the one in use")
    weight = serializers.IntegerField(help_text="Its share of those who come from now on")
    stopped_at = serializers.DateTimeField(allow_null=True, help_text="By a guard")
    stopped_why = serializers.CharField()


class ExperimentSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    feature = serializers.CharField(help_text="reply, chat or ticket-summary")
    unit = serializers.CharField(help_text="ticket, chat or customer")
    metric = serializers.CharField(help_text="acceptance, edit, answered, handed_over, satisfaction or resolution (hours)")
    minimum = serializers.IntegerField(help_text="Below so many in an arm, no verdict is given")
    guards = serializers.DictField(child=serializers.FloatField(), help_text="By name: the limit that stops an arm")
    state = serializers.CharField(help_text="draft, running, stopped or decided")
    stopped_why = serializers.CharField()
    winner = serializers.CharField(source="winner.name", default=None, allow_null=True)
    arms = ArmSerializer(many=True, source="arms.all", help_text="The first is the control")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    stopped_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class RangeSerializer(serializers.Serializer[Any]):
    low = serializers.FloatField()
    high = serializers.FloatField()


class ResultSerializer(serializers.Serializer[Any]):
    arm = serializers.CharField(source="arm.name")
    exposures = serializers.IntegerField(source="given", help_text="Units that got it")
    n = serializers.IntegerField(source="sample.n", help_text="Units whose value is known")
    value = serializers.FloatField(allow_null=True)
    interval = RangeSerializer(source="range", allow_null=True, help_text="95 %")
    change = serializers.FloatField(source="against.change", default=None, allow_null=True, help_text="Against the control")
    change_once = RangeSerializer(source="against.once", default=None, allow_null=True, help_text="95 %, of a single look at the end")
    change_always = RangeSerializer(source="always", allow_null=True, help_text="95 % at every look: this one decides")
    p_value = serializers.FloatField(source="against.p", default=None, allow_null=True, help_text="Of a single look")
    verdict = serializers.CharField(help_text="few, open, better or worse; empty for the control")


class ExperimentReadSerializer(ExperimentSerializer):
    results = ResultSerializer(many=True)


class ExperimentList(Listed):
    scope = "metrics"
    permission_classes = (OverseersScope,)
    pagination_class = NewestFirst
    serializer_class = ExperimentSerializer
    filter_backends = ()
    queryset = Experiment.objects.none()

    def get_queryset(self) -> QuerySet[Experiment]:
        return Experiment.objects.visible_to(self.request.user).select_related("winner").prefetch_related("arms")

    @extend_schema(operation_id="experiments_list", responses=ExperimentSerializer(many=True), parameters=parameters(ExperimentSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)


class ExperimentDetail(Shown):
    scope = "metrics"
    permission_classes = (OverseersScope,)
    serializer_class = ExperimentReadSerializer
    queryset = Experiment.objects.none()

    @extend_schema(operation_id="experiments_read", responses=ExperimentReadSerializer, parameters=parameters(ExperimentReadSerializer))
    def get(self, request: Request, experiment_id: UUID) -> Response:
        """With what each arm came to so far."""
        found: Any = Experiment.objects.visible_to(request.user).select_related("winner").filter(pk=experiment_id).first()
        if found is None:
            raise NotFound
        found.results = judging.read(found).lines
        return self.shown(request, found)
