"""What a shop or a billing system posts of a customer's subscriptions and purchases."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from customers.dealings import KINDS, Dealing
from helpdesk.core.api.base import StrictSerializer

MOST_PRODUCTS = 50


class DealtWith(StrictSerializer):
    customer_id = serializers.CharField(required=False, max_length=150, help_text="Our id.")
    external_id = serializers.CharField(required=False, max_length=150, help_text="Yours.")
    email = serializers.EmailField(required=False, max_length=320)
    phone = serializers.CharField(required=False, max_length=40)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(_("Give an id, an e-mail address or a phone number."))
        return attrs


class DealingInput(StrictSerializer):
    type = serializers.ChoiceField(list(KINDS))
    customer = DealtWith()
    occurred_at = serializers.DateTimeField(required=False, help_text="Without it: now.")
    ends_at = serializers.DateTimeField(required=False, help_text="When the subscription ends, where that is known.")
    plan = serializers.CharField(required=False, max_length=120)
    products = serializers.ListField(child=serializers.CharField(max_length=120), max_length=MOST_PRODUCTS, required=False)
    amount = serializers.CharField(required=False, max_length=40, help_text="As on the bill: 49.00 EUR")
    reference = serializers.CharField(required=False, max_length=120, help_text="An order or invoice number.")
    description = serializers.CharField(required=False, max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        at, end = attrs.get("occurred_at"), attrs.get("ends_at")
        if at and end and end < at:
            raise serializers.ValidationError({"ends_at": [_("The end must not come before the start.")]})
        return attrs

    def dealing(self) -> Dealing:
        given = self.validated_data
        return Dealing(
            kind=given["type"],
            at=given.get("occurred_at"),
            until=given.get("ends_at"),
            plan=given.get("plan", ""),
            products=tuple(given.get("products", ())),
            amount=given.get("amount", ""),
            reference=given.get("reference", ""),
            description=given.get("description", ""),
        )


class DealingOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Of the memory.")
    customer_id = serializers.UUIDField()
