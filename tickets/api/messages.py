"""`/api/v1/tickets/<number>/messages/` and `…/events/`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.access_log import note_read
from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import Cursor
from helpdesk.core.api.shaping import parameters
from helpdesk.core.models import ApiKey, Event
from tickets import intake, replying
from tickets.channels.base import InboundMessage, Sender
from tickets.models import Message, Ticket

from .input import NewMessageInput, files_of
from .representation import EventSerializer, MessageSerializer, WholeMessageSerializer
from .tickets import find, once_id


class MessageCursor(Cursor):
    ordering = ("created_at", "id")
    allowed = ("created_at",)


class EventCursor(Cursor):
    ordering = ("id",)
    allowed = ("id",)


class MessageFilter(filters.FilterSet):  # type: ignore[misc]
    author = filters.ChoiceFilter(field_name="author_kind", choices=Message.AuthorKind.choices)
    visibility = filters.ChoiceFilter(choices=Message.Visibility.choices)
    channel = filters.ChoiceFilter(choices=Ticket.Channel.choices)
    delivery = filters.ChoiceFilter(choices=Message.DeliveryState.choices)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")


class EventFilter(filters.FilterSet):  # type: ignore[misc]
    kind = filters.CharFilter(max_length=60)
    occurred_after = MomentFilter(field_name="occurred_at", lookup_expr="gte")


class MessageList(Listed):
    scope = "tickets"
    serializer_class = MessageSerializer
    pagination_class = MessageCursor
    filterset_class = MessageFilter
    queryset = Message.objects.none()

    def get_queryset(self) -> QuerySet[Message]:
        ticket = find(self.request, self.kwargs["number"])
        note_read(self.request.user, ticket.customer_id, "messages", ticket.number)
        return ticket.messages.select_related("ticket").prefetch_related("attachments")

    @extend_schema(operation_id="messages_list", responses=MessageSerializer(many=True), parameters=parameters(MessageSerializer))
    def get(self, request: Request, number: str) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="messages_create", request=NewMessageInput, responses={201: MessageSerializer})
    def post(self, request: Request, number: str) -> Response:
        ticket = find(request, number)
        entered = NewMessageInput(data=request.data)
        entered.is_valid(raise_exception=True)
        return Response(MessageSerializer(_write(request, ticket, entered.validated_data)).data, status=201)


class MessageDetail(Shown):
    scope = "tickets"
    serializer_class = WholeMessageSerializer
    queryset = Message.objects.none()

    @extend_schema(operation_id="messages_read", responses=WholeMessageSerializer, parameters=parameters(WholeMessageSerializer))
    def get(self, request: Request, number: str, pk: UUID) -> Response:
        """With what became of it for each recipient."""
        ticket = find(request, number)
        message = ticket.messages.select_related("ticket").prefetch_related("attachments", "deliveries").filter(pk=pk).first()
        if message is None:
            raise Http404
        note_read(request.user, ticket.customer_id, "message", ticket.number)
        return self.shown(request, message)


class EventList(Listed):
    scope = "tickets"
    serializer_class = EventSerializer
    pagination_class = EventCursor
    filterset_class = EventFilter
    queryset = Event.objects.none()

    def get_queryset(self) -> QuerySet[Event]:
        ticket = find(self.request, self.kwargs["number"])
        note_read(self.request.user, ticket.customer_id, "events", ticket.number)
        return Event.objects.filter(ticket_ref=ticket.pk)

    @extend_schema(operation_id="ticket_events_list", responses=EventSerializer(many=True), parameters=parameters(EventSerializer))
    def get(self, request: Request, number: str) -> Response:
        return self.listed(request)


def _write(request: Request, ticket: Ticket, data: dict[str, Any]) -> Message:
    once = once_id(request, data.get("external_id", ""), within=ticket.number)
    if data["author"] == "agent":
        return _write_for_the_team(request, ticket, data, once)
    inbound = InboundMessage(
        channel=Ticket.Channel.API,
        sender=Sender(customer_id=ticket.customer_id, name=ticket.customer.display_name),
        body_text=data["body"],
        external_id=once,
        attachments=files_of(data),
        verified="pass",
        metadata={"ticket_number": ticket.number},
    )
    return intake.receive(inbound, by=request.user if isinstance(request.user, ApiKey) else None)


def _write_for_the_team(request: Request, ticket: Ticket, data: dict[str, Any], once: str) -> Message:
    """A reply or a note, once: their Message-ID is ours, so the caller's mark is kept beside it."""
    by: Any = request.user  # an agent or a key: HasScope let nobody else in
    write = replying.note if data["visibility"] == "internal" else replying.reply
    with transaction.atomic():
        Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)  # two posts of one mark wait for each other
        known = ticket.messages.filter(metadata__once=once).first() if once else None
        marked = {"once": once} if once else None
        return known or write(ticket=ticket, by=by, text=data["body"], attachments=files_of(data), metadata=marked)
