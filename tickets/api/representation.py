"""How a ticket, a message, an event look to a partner (contract section 8)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers

from customers.api.representation import CustomerSerializer, OrganizationSerializer
from helpdesk.core.api.shaping import Expansion, Shaped
from helpdesk.core.models import Event
from tickets import sla
from tickets.models import Attachment, Delivery, Message, Ticket, escalation

from .directory_shapes import AgentSerializer, Named, NamedQueue, QueueSerializer


class CustomerReference(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField(source="display_name")
    email = serializers.CharField()
    phone = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    tier = serializers.CharField()


class SlaSerializer(serializers.Serializer[Any]):
    policy = serializers.SerializerMethodField(help_text="The name of the policy in force; null for a ticket older than policies.")
    paused = serializers.BooleanField(source="clock_stopped", help_text="The clocks stand still: we wait for somebody else.")
    breached = serializers.SerializerMethodField(help_text="The promises that are overdue or were kept too late.")
    due_at = serializers.DateTimeField(allow_null=True)
    first_reply_due_at = serializers.DateTimeField(allow_null=True)
    next_reply_due_at = serializers.DateTimeField(allow_null=True)
    resolve_due_at = serializers.DateTimeField(allow_null=True)

    def get_policy(self, ticket: Ticket) -> str | None:
        stretches = ticket.clocks.get("stretches") or [{}]
        return stretches[-1].get("name")

    def get_breached(self, ticket: Ticket) -> list[str]:
        return sla.broken(ticket)


class TicketSerializer(Shaped, serializers.Serializer[Any]):
    expandable: ClassVar[dict[str, Expansion]] = {
        "customer": Expansion(CustomerSerializer),
        "organization": Expansion(OrganizationSerializer),
        "assignee": Expansion(AgentSerializer, ("assignee__queues",)),
        "queue": Expansion(QueueSerializer, ("queue__members",)),
    }

    id = serializers.CharField(source="number", help_text="A ticket's id is its number.")
    number = serializers.CharField()
    subject = serializers.CharField()
    status = serializers.ChoiceField(Ticket.Status.choices)
    priority = serializers.ChoiceField(Ticket.Priority.choices)
    category = serializers.CharField(source="category.slug", default=None, allow_null=True)
    queue = NamedQueue()
    assignee = Named(allow_null=True)
    customer = CustomerReference()
    organization = Named(source="organisation", allow_null=True)
    channel = serializers.ChoiceField(Ticket.Channel.choices)
    tags = serializers.SerializerMethodField()
    sentiment = serializers.CharField()
    frustration = serializers.FloatField(allow_null=True)
    escalation = serializers.SerializerMethodField(help_text="The open one: level, state, reasons, briefing; null where there is none.")
    sla = SlaSerializer(source="*")
    language = serializers.CharField()
    metadata = serializers.JSONField()
    analysis = serializers.JSONField(help_text="What the newest triage found; null until it ran.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    first_response_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    url = serializers.SerializerMethodField()

    def get_tags(self, ticket: Ticket) -> list[str]:
        return sorted(tag.name for tag in ticket.tags.all())

    def get_escalation(self, ticket: Ticket) -> dict[str, Any] | None:
        up = escalation.open_of(ticket) if ticket.is_active else None
        return up and {"also": [], "briefing": [], **(ticket.metadata.get("escalation") or {}), **up}

    def get_url(self, ticket: Ticket) -> str:
        return f"{settings.SITE_URL}{ticket.get_absolute_url()}"


class AttachmentSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    verdict = serializers.ChoiceField(Attachment.Verdict.choices)
    url = serializers.SerializerMethodField(help_text="For people who are signed in")
    content = serializers.SerializerMethodField(help_text="For your key")

    def get_url(self, attachment: Attachment) -> str:
        return f"{settings.SITE_URL}{reverse('file', args=[attachment.pk])}"

    def get_content(self, attachment: Attachment) -> str:
        return f"{settings.SITE_URL}{reverse('api-attachment-content', args=[attachment.pk])}"


class AuthorSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Message.AuthorKind.choices)
    id = serializers.CharField()
    name = serializers.CharField()


class MessageSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.CharField()
    ticket = serializers.CharField(source="ticket.number")
    author = AuthorSerializer()
    visibility = serializers.ChoiceField(Message.Visibility.choices)
    body_text = serializers.CharField()
    body_html = serializers.CharField()
    channel = serializers.ChoiceField(Ticket.Channel.choices)
    attachments = AttachmentSerializer(many=True, source="attachments.all")
    delivery = serializers.ChoiceField(Message.DeliveryState.choices)
    created_at = serializers.DateTimeField()


class MessageDeliverySerializer(serializers.Serializer[Any]):
    recipient = serializers.CharField()
    state = serializers.ChoiceField(Delivery.State.choices)
    attempts = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)
    sent_at = serializers.DateTimeField(allow_null=True)


class WholeMessageSerializer(MessageSerializer):
    """With what became of it for each recipient."""

    deliveries = MessageDeliverySerializer(many=True, source="deliveries.all")


class EventSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    actor = serializers.SerializerMethodField()
    data = serializers.JSONField()  # type: ignore[assignment]  # the contract's name
    occurred_at = serializers.DateTimeField()

    def get_actor(self, event: Event) -> dict[str, str]:
        return {"kind": event.actor_kind, "id": event.actor_id, "name": event.actor_name}
