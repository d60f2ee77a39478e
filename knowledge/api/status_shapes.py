"""What `/api/v1/status/` takes and gives. Every field is named; an unknown one is refused."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.api.shaping import Shaped
from knowledge.models import Component, Deployment, Incident, IncidentUpdate
from knowledge.status.incidents import LONGEST


class ComponentSerializer(Shaped, serializers.ModelSerializer[Component]):
    class Meta:
        model = Component
        fields = ("id", "slug", "name", "description", "state", "position", "updated_at")
        read_only_fields = fields


class UpdateSerializer(Shaped, serializers.ModelSerializer[IncidentUpdate]):
    class Meta:
        model = IncidentUpdate
        fields = ("id", "status", "text", "at")
        read_only_fields = fields


class IncidentSerializer(Shaped, serializers.ModelSerializer[Incident]):
    components: Any = serializers.SlugRelatedField(slug_field="slug", many=True, read_only=True)
    updates = UpdateSerializer(many=True, read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Incident
        fields = (
            "id",
            "reference",
            "title",
            "description",
            "status",
            "impact",
            "components",
            "started_at",
            "resolved_at",
            "next_update_at",
            "is_public",
            "source",
            "updates",
            "updated_at",
            "url",
        )
        read_only_fields = fields


class OverallSerializer(serializers.Serializer[Any]):
    overall = serializers.ChoiceField(["operational", "degraded", "outage"])
    open_incidents = IncidentSerializer(many=True)


class DeploymentSerializer(Shaped, serializers.ModelSerializer[Deployment]):
    component: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Deployment
        fields = ("id", "component", "version", "summary", "deployed_at")
        read_only_fields = fields


class ComponentChange(StrictSerializer):
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    state = serializers.ChoiceField(Component.State.choices, required=False)
    position = serializers.IntegerField(min_value=0, max_value=32_000, required=False)


class ComponentInput(ComponentChange):
    slug = serializers.SlugField(max_length=80)


class SlugsField(serializers.ListField):
    """Slugs of components that exist, as the components."""

    child = serializers.CharField(max_length=80)

    def to_internal_value(self, data: Any) -> list[Any]:
        wanted = super().to_internal_value(data)
        found = list(Component.objects.filter(slug__in=wanted))
        if missing := set(wanted) - {one.slug for one in found}:
            raise serializers.ValidationError(_("There is no component %(name)s.") % {"name": ", ".join(sorted(missing))})
        return found


class IncidentChange(StrictSerializer):
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    impact = serializers.ChoiceField(Incident.Impact.choices, required=False)
    components = SlugsField(required=False, max_length=100)
    started_at = serializers.DateTimeField(required=False)
    next_update_at = serializers.DateTimeField(required=False, allow_null=True)
    is_public = serializers.BooleanField(required=False)


class IncidentInput(IncidentChange):
    status = serializers.ChoiceField(Incident.Status.choices[:3], required=False)


class UpdateInput(StrictSerializer):
    text = serializers.CharField(max_length=LONGEST)
    status = serializers.ChoiceField(Incident.Status.choices, required=False)
    next_update_at = serializers.DateTimeField(required=False, allow_null=True)


class DeploymentInput(StrictSerializer):
    component = serializers.SlugRelatedField(slug_field="slug", queryset=Component.objects.all())
    version = serializers.CharField(max_length=60)
    summary = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    deployed_at = serializers.DateTimeField(required=False)
