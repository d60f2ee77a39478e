"""What the chat's endpoints answer (contract section 3)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assist.chat import frames
from assist.chat.conversation import Answer
from assist.chat.intents import INTENTS
from assist.models import ChatMessage
from helpdesk.core.clock import iso_exact
from tickets.api.representation import TicketSerializer

# What colleagues note of a ticket is none of its customer's business.
INTERNAL: dict[str, Any] = {
    "metadata": {},
    "analysis": None,
    "escalation": None,
    "sentiment": "",
    "frustration": None,
    "tags": [],
    "assignee": None,
}


class ChatSourceOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    score = serializers.FloatField()


class AnswerOutput(serializers.Serializer[Any]):
    message = serializers.CharField()
    message_id = serializers.UUIDField()
    session_id = serializers.CharField()
    intent = serializers.ChoiceField(sorted(set(INTENTS.values())))
    sentiment = serializers.ChoiceField(["very_negative", "negative", "neutral", "positive", "very_positive"])
    sentiment_polarity = serializers.FloatField()
    frustration_score = serializers.FloatField()
    sentiment_trend = serializers.ChoiceField(["improving", "stable", "declining"])
    sources = ChatSourceOutput(many=True)
    escalated = serializers.BooleanField()
    ticket_created = serializers.CharField(allow_null=True)
    state = serializers.CharField()
    timestamp = serializers.DateTimeField()


class ChatLineOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    session_id = serializers.CharField()
    role = serializers.ChoiceField(ChatMessage.Role.choices)
    content = serializers.CharField()
    timestamp = serializers.DateTimeField()
    n = serializers.IntegerField()
    sources = ChatSourceOutput(many=True)
    rating = serializers.IntegerField(allow_null=True)


class HistoryOutput(serializers.Serializer[Any]):
    messages = ChatLineOutput(many=True)


class TicketsOutput(serializers.Serializer[Any]):
    tickets = TicketSerializer(many=True)


class ReceivedOutput(serializers.Serializer[Any]):
    status = serializers.CharField()


def answered(answer: Answer) -> dict[str, Any]:
    line = answer.line or answer.said
    known = frames.metadata(line)
    mood = known["sentiment"]
    return {
        "message": answer.text,
        "message_id": str(line.pk),
        "session_id": answer.session.session_id,
        "intent": known["intent"] or "other",
        "sentiment": mood["label"],
        "sentiment_polarity": mood["polarity"],
        "frustration_score": mood["frustration_score"],
        "sentiment_trend": mood["trend"],
        "sources": line.sources,
        "escalated": known["escalated"],
        "ticket_created": known["ticket_created"],
        "state": answer.session.state,
        "timestamp": iso_exact(line.created_at),
    }
