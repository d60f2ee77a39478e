"""`/api/v1/webhooks/`: make, change, test and remove webhooks, read their log, send a delivery again."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from customers.access_log import note_read
from helpdesk.core.api.base import etag, refuse_stale
from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import Cursor, NewestFirst
from helpdesk.core.api.shaping import parameters
from helpdesk.core.models import ApiKey, User, Webhook, WebhookDelivery
from helpdesk.partners.webhooks import announcing, managing

from .webhook_shapes import (
    DeliverySerializer,
    SecretSerializer,
    WebhookChange,
    WebhookInput,
    WebhookSerializer,
    WholeDeliverySerializer,
)


class WebhookFilter(filters.FilterSet):  # type: ignore[misc]
    active = filters.BooleanFilter(field_name="is_active")
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=150)


class DeliveryFilter(filters.FilterSet):  # type: ignore[misc]
    state = filters.ChoiceFilter(choices=WebhookDelivery.State.choices)
    kind = filters.CharFilter(max_length=60)
    event_id = filters.NumberFilter(min_value=0, max_value=2**63 - 1, decimal_places=0)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")


class WebhookList(Listed):
    scope = "webhooks"
    serializer_class = WebhookSerializer
    pagination_class = Cursor
    filterset_class = WebhookFilter
    queryset = Webhook.objects.none()

    def get_queryset(self) -> QuerySet[Webhook]:
        return Webhook.objects.visible_to(self.request.user)

    @extend_schema(operation_id="webhooks_list", responses=WebhookSerializer(many=True), parameters=parameters(WebhookSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="webhooks_create", request=WebhookInput, responses={201: SecretSerializer})
    def post(self, request: Request) -> Response:
        """The answer holds the secret, once."""
        entered = WebhookInput(data=request.data)
        entered.is_valid(raise_exception=True)
        active = entered.validated_data.pop("is_active", True)
        webhook, secret = managing.create(**entered.validated_data, by=_by(request))
        if not active:
            managing.change(webhook, by=_by(request), is_active=False)
        return _with_secret(webhook, secret, 201)


class WebhookDetail(Shown):
    scope = "webhooks"
    serializer_class = WebhookSerializer
    filter_backends = ()
    queryset = Webhook.objects.none()

    @extend_schema(operation_id="webhooks_read", responses=WebhookSerializer, parameters=parameters(WebhookSerializer))
    def get(self, request: Request, pk: UUID) -> Response:
        webhook = _found(request, pk)
        return self.shown(request, webhook, version=webhook.updated_at.isoformat())

    @extend_schema(operation_id="webhooks_change", request=WebhookChange, responses=WebhookSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        webhook = _found(request, pk)
        refuse_stale(request, webhook.updated_at.isoformat())
        entered = WebhookChange(data=request.data, partial=True)
        entered.is_valid(raise_exception=True)
        managing.change(webhook, by=_by(request), **entered.validated_data)
        return _answer(webhook)

    @extend_schema(operation_id="webhooks_remove", responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """With its log of deliveries."""
        webhook = _found(request, pk)
        refuse_stale(request, webhook.updated_at.isoformat())
        managing.remove(webhook, by=_by(request))
        return Response(status=204)


class WebhookSecret(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "webhooks"
    serializer_class = SecretSerializer
    filter_backends = ()
    queryset = Webhook.objects.none()

    @extend_schema(operation_id="webhooks_renew_secret", request=None, responses=SecretSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """A new secret, shown once. For a day both the old and the new one sign."""
        webhook = _found(request, pk)
        return _with_secret(webhook, managing.renew_secret(webhook, by=_by(request)), 200)


class WebhookTest(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "webhooks"
    serializer_class = DeliverySerializer
    filter_backends = ()
    queryset = Webhook.objects.none()

    @extend_schema(operation_id="webhooks_test", request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Send `webhook.test`; read the delivery to see how it went."""
        return Response(DeliverySerializer(announcing.ping(_found(request, pk), by=request.user)).data, status=202)


class DeliveryList(Listed):
    scope = "webhooks"
    serializer_class = DeliverySerializer
    pagination_class = NewestFirst
    filterset_class = DeliveryFilter
    queryset = WebhookDelivery.objects.none()

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        return _found(self.request, self.kwargs["pk"]).deliveries.defer("body")

    @extend_schema(operation_id="deliveries_list", responses=DeliverySerializer(many=True), parameters=parameters(DeliverySerializer))
    def get(self, request: Request, pk: UUID) -> Response:
        return self.listed(request)


class DeliveryDetail(Shown):
    scope = "webhooks"
    serializer_class = WholeDeliverySerializer
    filter_backends = ()
    queryset = WebhookDelivery.objects.none()

    @extend_schema(operation_id="deliveries_read", responses=WholeDeliverySerializer, parameters=parameters(WholeDeliverySerializer))
    def get(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        """With what was sent and every answer."""
        found = _delivery(request, pk, delivery)
        if found.customer_ref:
            note_read(request.user, found.customer_ref, "webhook delivery", str(found.pk))
        return self.shown(request, found)


class DeliveryReplay(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "webhooks"
    serializer_class = DeliverySerializer
    filter_backends = ()
    queryset = WebhookDelivery.objects.none()

    @extend_schema(operation_id="deliveries_replay", request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        """The same event and body again, as a new delivery."""
        return Response(DeliverySerializer(announcing.replay(_delivery(request, pk, delivery))).data, status=202)


def _found(request: Request, pk: UUID) -> Webhook:
    webhook = Webhook.objects.visible_to(request.user).filter(pk=pk).first()
    if webhook is None:
        raise Http404
    return webhook


def _delivery(request: Request, pk: UUID, delivery: UUID) -> WebhookDelivery:
    found = _found(request, pk).deliveries.filter(pk=delivery).first()
    if found is None:
        raise Http404
    return found


def _by(request: Request) -> User | ApiKey:
    return cast("User | ApiKey", request.user)  # HasScope let nobody else in


def _answer(webhook: Webhook) -> Response:
    return Response(WebhookSerializer(webhook).data, headers={"ETag": etag(webhook.updated_at.isoformat())})


def _with_secret(webhook: Webhook, secret: str, status: int) -> Response:
    told = WebhookSerializer(webhook).data | {"secret": secret}
    response = Response(told, status=status, headers={"ETag": etag(webhook.updated_at.isoformat())})
    response.holds_secret = True  # type: ignore[attr-defined]  # core.api.idempotency seals what it keeps
    return response
