"""What the live-call endpoints answer (contract section 1)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class Started(serializers.Serializer[Any]):
    status = serializers.CharField()
    session_id = serializers.UUIDField()
    call_id = serializers.CharField()


class HeardOutput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["processed", "stored", "deferred", "duplicate", "partial"])
    segment_id = serializers.IntegerField(allow_null=True)
    suggestions_count = serializers.IntegerField()
    questions_count = serializers.IntegerField()
    processing_time_ms = serializers.IntegerField()
    notice = serializers.CharField(allow_blank=True)


class Source(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField(allow_blank=True)


class SuggestionOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    type = serializers.ChoiceField(["article", "solution", "reply", "similar_ticket", "action"])
    title = serializers.CharField()
    content = serializers.CharField(allow_blank=True)
    confidence = serializers.FloatField()
    source = Source()  # type: ignore[assignment]  # a field's name in the contract, an attribute of DRF's base
    why = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    feedback = serializers.ChoiceField(["helpful", "not_helpful", "irrelevant"], allow_null=True)
    position = serializers.IntegerField()
    band = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())


class QuestionOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    text = serializers.CharField()
    purpose = serializers.CharField()
    priority = serializers.IntegerField()


class EntityOutput(serializers.Serializer[Any]):
    type = serializers.CharField()
    value = serializers.CharField()


class OnOffer(serializers.Serializer[Any]):
    session_id = serializers.UUIDField()
    suggestions = SuggestionOutput(many=True)
    clarifying_questions = QuestionOutput(many=True)
    entities = EntityOutput(many=True)


class Ended(serializers.Serializer[Any]):
    status = serializers.CharField()
    session_id = serializers.UUIDField()
    duration_seconds = serializers.IntegerField()
    summary = serializers.CharField()
    ticket_id = serializers.CharField(allow_null=True)


class LineOutput(serializers.Serializer[Any]):
    status = serializers.CharField()
    session_id = serializers.UUIDField()
    on_hold = serializers.BooleanField()
    held_since = serializers.DateTimeField(allow_null=True)
    held_seconds = serializers.IntegerField(help_text="Waited before that.")
    agent_muted = serializers.BooleanField()


class SocketTicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
