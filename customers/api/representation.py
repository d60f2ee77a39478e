"""How customers and organisations look to partners."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers

from customers.models import ContactPoint, Customer
from helpdesk.core.api.shaping import Expansion, Shaped


class AddressSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(ContactPoint.Kind.choices)
    value = serializers.CharField()
    verified = serializers.BooleanField()
    primary = serializers.BooleanField()


class OrganizationReference(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class OrganizationSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    domains = serializers.ListField(child=serializers.CharField(), help_text="Who writes from one of these belongs to it")
    tier = serializers.CharField(allow_blank=True)
    external_id = serializers.CharField(allow_null=True)
    notes = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class CustomerSerializer(Shaped, serializers.Serializer[Any]):
    expandable: ClassVar[dict[str, Expansion]] = {"organization": Expansion(OrganizationSerializer)}

    id = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True, help_text="The one we write to")
    phone = serializers.CharField(allow_blank=True)
    addresses = AddressSerializer(many=True, source="contact_points.all")
    organization = OrganizationReference(source="organisation", allow_null=True)
    tier = serializers.CharField()
    technical_level = serializers.CharField(allow_blank=True)
    satisfaction_score = serializers.FloatField(allow_null=True)
    language = serializers.CharField(allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True)
    external_id = serializers.CharField(allow_null=True)
    attributes = serializers.DictField()
    created_at = serializers.DateTimeField()
    url = serializers.SerializerMethodField()

    def get_url(self, customer: Customer) -> str:
        return f"{settings.SITE_URL}{reverse('customer', args=[customer.pk])}"
