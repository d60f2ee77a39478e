"""What partners may send. Every field is named; an unknown one is refused (security T22)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.models import User
from knowledge.models import Category
from tickets.channels.base import InboundAttachment
from tickets.channels.charsets import clean_file_name
from tickets.models import Queue, Ticket
from tickets.models.escalation import STANDARD as LEVELS

LONGEST_BODY = 200_000
LARGEST_FILES, MOST_FILES = 20 * 1024 * 1024, 20  # bytes of all files of one message: what mail servers still take
OURS = frozenset(("ticket_number", "claimed_ticket", "follow_up_of", "follow_up", "escalation", "rating"))  # metadata that only we may set


class TicketCustomerInput(StrictSerializer):
    email = serializers.EmailField(required=False, max_length=320)
    name = serializers.CharField(required=False, max_length=200, allow_blank=True)
    phone = serializers.CharField(required=False, max_length=40)
    external_id = serializers.CharField(required=False, max_length=150)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"email", "phone", "external_id"}:
            raise serializers.ValidationError(_("Give an e-mail address, a phone number or an external id."))
        return attrs


class FileInput(StrictSerializer):
    name = serializers.CharField(max_length=255)
    content_type = serializers.RegexField(r"^[\w.+-]+/[\w.+-]+\Z", max_length=120, default="application/octet-stream")
    content = serializers.CharField(trim_whitespace=False, max_length=LARGEST_FILES * 4 // 3 + 4, help_text="In base64")

    def validate_name(self, value: str) -> str:
        return clean_file_name(value)

    def validate_content(self, value: str) -> bytes:
        try:
            return base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise serializers.ValidationError(_("This is not base64.")) from error


def fitting(files: list[dict[str, Any]]) -> None:
    if sum(len(file["content"]) for file in files) > LARGEST_FILES:
        raise serializers.ValidationError(_("At most 20 MB together."))


def files_of(entered: dict[str, Any]) -> tuple[InboundAttachment, ...]:
    return tuple(InboundAttachment(**file) for file in entered.get("attachments", ()))


def existing_queue(value: str) -> None:
    if not Queue.objects.filter(slug=value).exists():
        raise serializers.ValidationError(_("There is no such queue."))


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A late order",
            {
                "subject": "Order 7 is late",
                "body": "It should have been here on Monday.",
                "customer": {"email": "li@sakura.example", "name": "Li"},
                "priority": "high",
                "tags": ["late"],
            },
            request_only=True,
        )
    ]
)
class NewTicketInput(StrictSerializer):
    subject = serializers.CharField(max_length=500, required=False, allow_blank=True)
    body = serializers.CharField(max_length=LONGEST_BODY)
    customer = TicketCustomerInput(required=False)
    customer_id = serializers.CharField(required=False, max_length=150)
    channel = serializers.ChoiceField(Ticket.Channel.choices, default=Ticket.Channel.API)
    priority = serializers.ChoiceField(Ticket.Priority.choices, required=False)
    queue = serializers.CharField(required=False, max_length=80, validators=[existing_queue])
    tags = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=20)
    metadata = serializers.DictField(required=False)
    attachments = serializers.ListField(child=FileInput(), required=False, max_length=MOST_FILES, validators=[fitting])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("customer" in attrs) == ("customer_id" in attrs):
            raise serializers.ValidationError({"customer": [_("Give either customer or customer_id.")]})
        return attrs


def partners_metadata(entered: dict[str, Any]) -> dict[str, Any]:
    """What a partner keeps with a ticket, without the names that mean something to us."""
    return {name: value for name, value in (entered.get("metadata") or {}).items() if name not in OURS}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One matter",
            {"into": "TKT-20261120-0001"},
            request_only=True,
        )
    ]
)
class MergeInput(StrictSerializer):
    into = serializers.CharField(max_length=24, help_text="Number of the ticket to keep")


@extend_schema_serializer(examples=[OpenApiExample("To the lawyers", {"level": "legal", "reason": "Threatens to sue"}, request_only=True)])
class EscalationInput(StrictSerializer):
    level = serializers.ChoiceField([(slug, str(slug)) for slug in LEVELS], default="supervisor")
    reason = serializers.CharField(max_length=500)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Urgent from now on",
            {"priority": "urgent", "tags": ["late", "vip"]},
            request_only=True,
        )
    ]
)
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


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "An internal note",
            {"body": "The carrier has lost it.", "author": "agent", "visibility": "internal"},
            request_only=True,
        )
    ]
)
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
    attachments = serializers.ListField(child=FileInput(), required=False, max_length=MOST_FILES, validators=[fitting])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["author"] == "customer" and attrs["visibility"] == "internal":
            raise serializers.ValidationError({"visibility": [_("A customer cannot write an internal note.")]})
        return attrs
