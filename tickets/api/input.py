"""What partners may send. Every field is named; an unknown one is refused (security T22)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.models import User
from knowledge.models import Category
from tickets.models import Queue, Ticket

LONGEST_BODY = 200_000
OURS = frozenset(("ticket_number", "claimed_ticket", "follow_up_of", "follow_up", "escalation", "rating"))  # metadata that only we may set


class CustomerInput(StrictSerializer):
    email = serializers.EmailField(required=False, max_length=320)
    name = serializers.CharField(required=False, max_length=200, allow_blank=True)
    phone = serializers.CharField(required=False, max_length=40)
    external_id = serializers.CharField(required=False, max_length=150)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"email", "phone", "external_id"}:
            raise serializers.ValidationError(_("Give an e-mail address, a phone number or an external id."))
        return attrs


def existing_queue(value: str) -> None:
    if not Queue.objects.filter(slug=value).exists():
        raise serializers.ValidationError(_("There is no such queue."))


class NewTicketInput(StrictSerializer):
    subject = serializers.CharField(max_length=500, required=False, allow_blank=True)
    body = serializers.CharField(max_length=LONGEST_BODY)
    customer = CustomerInput(required=False)
    customer_id = serializers.CharField(required=False, max_length=150)
    channel = serializers.ChoiceField(Ticket.Channel.choices, default=Ticket.Channel.API)
    priority = serializers.ChoiceField(Ticket.Priority.choices, required=False)
    queue = serializers.CharField(required=False, max_length=80, validators=[existing_queue])
    tags = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=20)
    metadata = serializers.DictField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("customer" in attrs) == ("customer_id" in attrs):
            raise serializers.ValidationError({"customer": [_("Give either customer or customer_id.")]})
        return attrs


def partners_metadata(entered: dict[str, Any]) -> dict[str, Any]:
    """What a partner keeps with a ticket, without the names that mean something to us."""
    return {name: value for name, value in (entered.get("metadata") or {}).items() if name not in OURS}


class TicketChangeInput(StrictSerializer):
    subject = serializers.CharField(max_length=500, required=False)
    status = serializers.ChoiceField(Ticket.Status.choices, required=False)
    priority = serializers.ChoiceField(Ticket.Priority.choices, required=False)
    queue = serializers.SlugRelatedField(slug_field="slug", queryset=Queue.objects.all(), required=False)
    category = serializers.SlugRelatedField(slug_field="slug", queryset=Category.objects.all(), required=False, allow_null=True)
    assignee_id = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True, pk_field=serializers.UUIDField()
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=50)


class NewMessageInput(StrictSerializer):
    body = serializers.CharField(max_length=LONGEST_BODY)
    author = serializers.ChoiceField(
        [("customer", "customer"), ("agent", "agent")],
        default="customer",
        help_text="Who speaks: the ticket's customer, or your system for the team.",
    )
    visibility = serializers.ChoiceField([("public", "public"), ("internal", "internal")], default="public")
    external_id = serializers.CharField(
        required=False, max_length=255, help_text="Your id of the message; the same one twice is one message."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["author"] == "customer" and attrs["visibility"] == "internal":
            raise serializers.ValidationError({"visibility": [_("A customer cannot write an internal note.")]})
        return attrs
