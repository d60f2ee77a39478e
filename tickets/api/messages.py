"""`/api/v1/tickets/<number>/messages/` and `…/events/`."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from customers.access_log import note_read
from helpdesk.core.api.base import Cursor
from helpdesk.core.models import ApiKey, Event
from tickets import intake, replying
from tickets.channels.base import InboundMessage, Sender
from tickets.models import Message, Ticket

from .input import NewMessageInput
from .representation import EventSerializer, MessageSerializer
from .tickets import find, once_id


class MessageCursor(Cursor):
    ordering = ("created_at", "id")
    allowed = ("created_at",)


class EventCursor(Cursor):
    ordering = ("id",)
    allowed = ("id",)


class MessageList(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "tickets"
    serializer_class = MessageSerializer
    pagination_class = MessageCursor
    filter_backends = ()
    queryset = Message.objects.none()

    @extend_schema(operation_id="messages_list", responses=MessageSerializer(many=True))
    def get(self, request: Request, number: str) -> Response:
        ticket = find(request, number)
        note_read(request.user, ticket.customer_id, "messages", ticket.number)
        messages = ticket.messages.select_related("ticket").prefetch_related("attachments")
        return self.get_paginated_response(MessageSerializer(self.paginate_queryset(messages), many=True).data)

    @extend_schema(operation_id="messages_create", request=NewMessageInput, responses={201: MessageSerializer})
    def post(self, request: Request, number: str) -> Response:
        ticket = find(request, number)
        entered = NewMessageInput(data=request.data)
        entered.is_valid(raise_exception=True)
        return Response(MessageSerializer(_write(request, ticket, entered.validated_data)).data, status=201)


class EventList(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "tickets"
    serializer_class = EventSerializer
    pagination_class = EventCursor
    filter_backends = ()
    queryset = Event.objects.none()

    @extend_schema(operation_id="ticket_events_list", responses=EventSerializer(many=True))
    def get(self, request: Request, number: str) -> Response:
        ticket = find(request, number)
        note_read(request.user, ticket.customer_id, "events", ticket.number)
        events: QuerySet[Event] = Event.objects.filter(ticket_ref=ticket.pk)
        return self.get_paginated_response(EventSerializer(self.paginate_queryset(events), many=True).data)


def _write(request: Request, ticket: Ticket, data: dict[str, str]) -> Message:
    once = once_id(request, data.get("external_id", ""), within=ticket.number)
    if data["author"] == "agent":
        return _write_for_the_team(request, ticket, data, once)
    inbound = InboundMessage(
        channel=Ticket.Channel.API,
        sender=Sender(customer_id=ticket.customer_id, name=ticket.customer.display_name),
        body_text=data["body"],
        external_id=once,
        verified="pass",
        metadata={"ticket_number": ticket.number},
    )
    return intake.receive(inbound, by=request.user if isinstance(request.user, ApiKey) else None)


def _write_for_the_team(request: Request, ticket: Ticket, data: dict[str, str], once: str) -> Message:
    """A reply or a note, once: their Message-ID is ours, so the caller's mark is kept beside it."""
    by: Any = request.user  # an agent or a key: HasScope let nobody else in
    write = replying.note if data["visibility"] == "internal" else replying.reply
    with transaction.atomic():
        Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)  # two posts of one mark wait for each other
        known = ticket.messages.filter(metadata__once=once).first() if once else None
        return known or write(ticket=ticket, by=by, text=data["body"], metadata={"once": once} if once else None)
