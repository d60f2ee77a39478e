"""`/api/v1/queues/`, `/agents/`, `/tags/`: what tickets point to. Read only; people set them up on the settings pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import Cursor
from helpdesk.core.api.shaping import parameters
from helpdesk.core.models import User
from tickets.models import Queue, Tag

from .directory_shapes import AgentSerializer, QueueSerializer, TagSerializer


class AgentFilter(filters.FilterSet):  # type: ignore[misc]
    queue = filters.CharFilter(field_name="queues__slug", max_length=80)
    role = filters.ChoiceFilter(choices=User.Role.choices)
    availability = filters.ChoiceFilter(choices=User.Availability.choices)
    email = filters.CharFilter(lookup_expr="iexact", max_length=254)
    external_id = filters.CharFilter(max_length=150)
    active = filters.BooleanFilter(field_name="is_active")
    search = filters.CharFilter(method="matching", max_length=150, label="Words in name or address")

    def matching(self, queryset: QuerySet[User], _name: str, value: str) -> QuerySet[User]:
        for word in value.split()[:10]:
            queryset = queryset.filter(Q(name__icontains=word) | Q(email__icontains=word))
        return queryset


class TagFilter(filters.FilterSet):  # type: ignore[misc]
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=60)


class QueueCursor(Cursor):
    ordering = ("position",)
    allowed = ("position", "name")


class AgentCursor(Cursor):
    ordering = ("name",)
    allowed = ("name", "date_joined")


class TagCursor(Cursor):
    ordering = ("name",)
    allowed = ("name",)


class QueueList(Listed):
    scope = "tickets"
    serializer_class = QueueSerializer
    pagination_class = QueueCursor
    queryset = Queue.objects.none()

    def get_queryset(self) -> QuerySet[Queue]:
        return Queue.objects.visible_to(self.request.user).prefetch_related("members")

    @extend_schema(operation_id="queues_list", responses=QueueSerializer(many=True), parameters=parameters(QueueSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)


class QueueDetail(Shown):
    scope = "tickets"
    serializer_class = QueueSerializer
    queryset = Queue.objects.none()

    @extend_schema(operation_id="queues_read", responses=QueueSerializer, parameters=parameters(QueueSerializer))
    def get(self, request: Request, slug: str) -> Response:
        return self.shown(request, _or_404(Queue.objects.visible_to(request.user).prefetch_related("members").filter(slug=slug)))


class AgentList(Listed):
    scope = "tickets"
    serializer_class = AgentSerializer
    pagination_class = AgentCursor
    filterset_class = AgentFilter
    queryset = User.objects.prefetch_related("queues")

    @extend_schema(operation_id="agents_list", responses=AgentSerializer(many=True), parameters=parameters(AgentSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)


class AgentDetail(Shown):
    scope = "tickets"
    serializer_class = AgentSerializer
    queryset = User.objects.none()

    @extend_schema(operation_id="agents_read", responses=AgentSerializer, parameters=parameters(AgentSerializer))
    def get(self, request: Request, pk: UUID) -> Response:
        return self.shown(request, _or_404(User.objects.prefetch_related("queues").filter(pk=pk)))


class TagList(Listed):
    scope = "tickets"
    serializer_class = TagSerializer
    pagination_class = TagCursor
    filterset_class = TagFilter
    queryset = Tag.objects.all()

    @extend_schema(operation_id="tags_list", responses=TagSerializer(many=True), parameters=parameters(TagSerializer))
    def get(self, request: Request) -> Response:
        """Set a ticket's tags with `PATCH tickets/<number>/`; one that is new is made by that."""
        return self.listed(request)


def _or_404(rows: QuerySet[Any]) -> Any:
    if (found := rows.first()) is None:
        raise Http404
    return found
