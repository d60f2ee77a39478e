"""How queues, agents and tags look to partners."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from helpdesk.core.api.shaping import Shaped
from helpdesk.core.models import User


class Named(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField(source="__str__")


class NamedQueue(Named):
    slug = serializers.CharField()


class QueueSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.CharField()
    slug = serializers.CharField()
    name = serializers.CharField()
    email_address = serializers.CharField(allow_blank=True)
    is_default = serializers.BooleanField()
    position = serializers.IntegerField()
    agents = Named(many=True, source="members.all")


class AgentSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField()
    role = serializers.ChoiceField(User.Role.choices)
    availability = serializers.ChoiceField(User.Availability.choices)
    active = serializers.BooleanField(source="is_active")
    external_id = serializers.CharField(allow_null=True)
    time_zone = serializers.CharField()
    queues = NamedQueue(many=True, source="queues.all")
    last_seen_at = serializers.DateTimeField(allow_null=True)


class TagSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
