"""What partners send and read of webhooks."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.api.shaping import Shaped
from helpdesk.core.models import Webhook, WebhookDelivery

LONGEST_URL = 1_000


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "What happens to tickets",
            {"name": "Web shop", "url": "https://shop.example/helpdesk", "kinds": ["ticket.created", "ticket.status_changed"]},
            request_only=True,
        )
    ]
)
class WebhookInput(StrictSerializer):
    name = serializers.CharField(max_length=150)
    url = serializers.CharField(max_length=LONGEST_URL, help_text="https, and a public address")
    kinds = serializers.ListField(
        child=serializers.CharField(max_length=60),
        max_length=200,
        default=list,
        help_text="Empty: every kind that you may read",
    )
    active = serializers.BooleanField(source="is_active", default=True)


class WebhookChange(StrictSerializer):
    name = serializers.CharField(max_length=150, required=False)
    url = serializers.CharField(max_length=LONGEST_URL, required=False)
    kinds = serializers.ListField(child=serializers.CharField(max_length=60), max_length=200, required=False)
    active = serializers.BooleanField(source="is_active", required=False)


class WebhookSerializer(Shaped, serializers.ModelSerializer[Webhook]):
    active = serializers.BooleanField(source="is_active")
    switched_off_because = serializers.CharField(help_text="Why we switched it off; empty where a person did")

    class Meta:
        model = Webhook
        fields = (
            "id", "name", "url", "kinds", "active", "secret_start", "created_at", "updated_at", "last_success_at", "failing_since",
            "paused_until", "last_error", "switched_off_because",
        )  # fmt: skip
        read_only_fields = fields


class SecretSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="Shown this once")

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class TrySerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="null: no whole answer came")
    ms = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True, help_text="The first 2,000 characters")


@extend_schema_serializer(component_name="WebhookDelivery")
class DeliverySerializer(Shaped, serializers.ModelSerializer[WebhookDelivery]):
    status = serializers.IntegerField(source="last.status", default=None, allow_null=True, help_text="Of the newest try")
    replay_of = serializers.UUIDField(source="replay_of_id", allow_null=True)
    next_try_at = serializers.SerializerMethodField()

    class Meta:
        model = WebhookDelivery
        fields = ("id", "event_id", "kind", "state", "attempts", "status", "created_at", "delivered_at", "next_try_at", "replay_of")
        read_only_fields = fields

    def get_next_try_at(self, delivery: WebhookDelivery) -> str | None:
        waiting = delivery.state == WebhookDelivery.State.WAITING
        return serializers.DateTimeField().to_representation(delivery.due_at) if waiting else None


@extend_schema_serializer(component_name="WholeWebhookDelivery")
class WholeDeliverySerializer(DeliverySerializer):
    tries = TrySerializer(many=True)
    body = serializers.CharField(help_text="Word for word what is signed and sent")

    class Meta(DeliverySerializer.Meta):
        fields = (*DeliverySerializer.Meta.fields, "tries", "body")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]
