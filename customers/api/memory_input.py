"""What the memory's endpoints take (contract section 5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from customers.memory import consent
from customers.memory.infusing import MODELS
from customers.memory.recalling import MOST
from customers.models import MemoryNode
from helpdesk.core.api.base import StrictSerializer

LONGEST_TEXT = 100_000  # characters
ID = 150


class EntityContent(StrictSerializer):
    kind = "entity_type"
    entity_id = serializers.CharField(max_length=ID)
    entity_type = serializers.ChoiceField(("Customer", "Agent", "Product"))
    name = serializers.CharField(max_length=200)
    attributes = serializers.DictField(required=False, default=dict)


class ObservationContent(StrictSerializer):
    kind = "observation_type"
    observation_type = serializers.ChoiceField(("SupportInteraction", "CustomerFeedback", "AccountActivity"))
    text = serializers.CharField(max_length=LONGEST_TEXT)
    subject_id = serializers.CharField(max_length=ID)
    observer_id = serializers.CharField(max_length=ID, required=False, allow_blank=True, default="")


class Participant(StrictSerializer):
    entity_id = serializers.CharField(max_length=ID)
    role = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class EventContent(StrictSerializer):
    kind = "event_type"
    event_type = serializers.ChoiceField(("SupportTicket", "Subscription", "PurchaseEvent", "AccountEvent"))
    title = serializers.CharField(max_length=300)
    description = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True, default="")
    participants = serializers.ListField(child=Participant(), allow_empty=False, max_length=20)


class Temporal(StrictSerializer):
    start_time = serializers.DateTimeField(required=False, allow_null=True, default=None)
    end_time = serializers.DateTimeField(required=False, allow_null=True, default=None)


class Metadata(StrictSerializer):
    importance = serializers.FloatField(min_value=0, max_value=1, required=False, default=0.5)
    channel = serializers.CharField(max_length=20, required=False, allow_blank=True)
    ticket_id = serializers.CharField(max_length=ID, required=False, allow_blank=True)
    resolution = serializers.CharField(max_length=2_000, required=False, allow_blank=True)
    category = serializers.CharField(max_length=60, required=False, allow_blank=True)


class NodeInput(StrictSerializer):
    node_type = serializers.ChoiceField(MemoryNode.Type.choices)
    content = serializers.DictField()
    temporal = Temporal(required=False)
    metadata = Metadata(required=False)

    CONTENT: ClassVar[dict[str, type[StrictSerializer]]] = {
        "Entity": EntityContent,
        "Observation": ObservationContent,
        "Event": EventContent,
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        content = self.CONTENT[attrs["node_type"]](data=attrs["content"])
        if not content.is_valid():
            raise ValidationError({"content": content.errors})
        attrs["content"] = content.validated_data
        return attrs


class ConsentInput(StrictSerializer):
    user_id = serializers.CharField(max_length=ID)
    data_types = serializers.ListField(child=serializers.ChoiceField(consent.TYPES), allow_empty=False, required=False)
    purposes = serializers.ListField(child=serializers.ChoiceField(consent.PURPOSES), allow_empty=False, required=False)
    expiration_days = serializers.IntegerField(min_value=1, max_value=consent.LONGEST, default=365)


class RecallInput(StrictSerializer):
    text = serializers.CharField(max_length=LONGEST_TEXT)
    reference_time = serializers.DateTimeField(required=False, allow_null=True, default=None)
    entity_ids = serializers.ListField(child=serializers.CharField(max_length=ID), max_length=20, allow_empty=False)
    k = serializers.IntegerField(min_value=1, max_value=MOST, default=5)
    types = serializers.ListField(child=serializers.ChoiceField(consent.TYPES), required=False, default=list)
    categories = serializers.ListField(child=serializers.CharField(max_length=60), max_length=50, required=False, default=list)


class InfuseInput(StrictSerializer):
    prompt = serializers.CharField(max_length=LONGEST_TEXT, trim_whitespace=False)
    query = RecallInput()
    model_type = serializers.ChoiceField(MODELS, default="plain")
    max_tokens = serializers.IntegerField(min_value=1, max_value=100_000, default=500)


def words_of(node_type: str, content: dict[str, Any]) -> str:
    """A node's content as the words that are searched."""
    if node_type == "Observation":
        return str(content["text"])
    if node_type == "Event":
        return f"{content['title']}. {content['description']}".strip()
    known = ", ".join(f"{name}: {value}" for name, value in content["attributes"].items())
    return _("{name} ({kind})").format(name=content["name"], kind=content["entity_type"]) + (f". {known}" if known else "")
