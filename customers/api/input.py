"""What partners may write of customers and organisations. Every field is named; an unknown one is refused (security T22)."""

from __future__ import annotations

import json
import zoneinfo
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from customers.identity import normal_phone
from customers.models import Customer, Organisation
from helpdesk.core.api.base import StrictSerializer

LONGEST_ATTRIBUTES = 20_000  # characters of JSON


class CustomerChange(StrictSerializer):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    title = serializers.CharField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=320, required=False, help_text="Becomes the one we write to; the others stay known")
    phone = serializers.CharField(max_length=40, required=False)
    organization_id = serializers.PrimaryKeyRelatedField(
        queryset=Organisation.objects.all(), required=False, allow_null=True, source="organisation", pk_field=serializers.UUIDField()
    )
    tier = serializers.CharField(max_length=40, required=False)
    technical_level = serializers.ChoiceField(Customer.TechnicalLevel.choices, required=False, allow_blank=True)
    satisfaction_score = serializers.FloatField(min_value=0, max_value=5, required=False, allow_null=True)
    language = serializers.CharField(max_length=12, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=64, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=150, required=False, allow_null=True)
    attributes = serializers.DictField(required=False)

    def validate_phone(self, value: str) -> str:
        if not normal_phone(value):
            raise serializers.ValidationError(_("This is not a phone number."))
        return value

    def validate_time_zone(self, value: str) -> str:
        if value and value not in zoneinfo.available_timezones():
            raise serializers.ValidationError(_("This is not a time zone."))
        return value

    def validate_attributes(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(value)) > LONGEST_ATTRIBUTES:
            raise serializers.ValidationError(_("At most %(most)d characters.") % {"most": LONGEST_ATTRIBUTES})
        return value


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A new customer",
            {"name": "Li Wei", "email": "li@sakura.example", "external_id": "c-1", "attributes": {"plan": "pro"}},
            request_only=True,
        )
    ]
)
class CustomerInput(CustomerChange):
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not {name for name in ("email", "phone", "external_id") if attrs.get(name)}:
            raise serializers.ValidationError(_("Give an e-mail address, a phone number or an external id."))
        return attrs


class OrganizationChange(StrictSerializer):
    name = serializers.CharField(max_length=200, required=False)
    domains = serializers.ListField(child=serializers.RegexField(r"^[A-Za-z0-9.-]+\Z", max_length=253), max_length=100, required=False)
    tier = serializers.CharField(max_length=40, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=150, required=False, allow_null=True)
    notes = serializers.CharField(max_length=20_000, required=False, allow_blank=True)

    def validate_domains(self, value: list[str]) -> list[str]:
        return sorted({domain.lower() for domain in value})


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A new organisation",
            {"name": "Sakura", "domains": ["sakura.example"], "tier": "premium"},
            request_only=True,
        )
    ]
)
class OrganizationInput(OrganizationChange):
    name = serializers.CharField(max_length=200)
