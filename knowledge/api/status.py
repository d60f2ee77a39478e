"""`/api/v1/status/`: components, incidents with their updates, deployments."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.core.api.base import etag, refuse_stale
from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import Cursor
from helpdesk.core.api.shaping import parameters
from knowledge.models import Component, Deployment, Incident, IncidentUpdate
from knowledge.status import incidents
from knowledge.status.pages import overall

from .status_shapes import (
    ComponentChange,
    ComponentInput,
    ComponentSerializer,
    DeploymentInput,
    DeploymentSerializer,
    IncidentChange,
    IncidentInput,
    IncidentSerializer,
    OverallSerializer,
    UpdateInput,
    UpdateSerializer,
)


class IncidentFilter(filters.FilterSet):  # type: ignore[misc]
    status = filters.MultipleChoiceFilter(choices=Incident.Status.choices)
    impact = filters.ChoiceFilter(choices=Incident.Impact.choices)
    component = filters.CharFilter(field_name="components__slug", max_length=80)
    open = filters.BooleanFilter(field_name="resolved_at", lookup_expr="isnull")
    started_after = MomentFilter(field_name="started_at", lookup_expr="gte")


class DeploymentFilter(filters.FilterSet):  # type: ignore[misc]
    component = filters.CharFilter(field_name="component__slug", max_length=80)
    deployed_after = MomentFilter(field_name="deployed_at", lookup_expr="gte")


class ComponentCursor(Cursor):
    ordering = ("position", "id")
    allowed = ("position", "name", "updated_at")


class IncidentCursor(Cursor):
    ordering = ("-started_at", "-id")
    allowed = ("started_at", "updated_at")


class UpdateCursor(Cursor):
    ordering = ("-at", "-id")
    allowed = ("at",)


class DeploymentCursor(Cursor):
    ordering = ("-deployed_at", "-id")
    allowed = ("deployed_at",)


class Overall(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "status"
    filter_backends = ()
    serializer_class = OverallSerializer

    @extend_schema(operation_id="status_read", responses=OverallSerializer)
    def get(self, request: Request) -> Response:
        """How everything is, in one word and in numbers."""
        open_ones = Incident.objects.visible_to(request.user).open().prefetch_related("components")
        return Response(OverallSerializer({"overall": overall(), "open_incidents": open_ones}).data)


class ComponentList(Listed):
    scope = "status"
    serializer_class = ComponentSerializer
    pagination_class = ComponentCursor
    filter_backends = ()
    queryset = Component.objects.all()

    @extend_schema(operation_id="components_list", responses=ComponentSerializer(many=True), parameters=parameters(ComponentSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="components_create", request=ComponentInput, responses={201: ComponentSerializer})
    def post(self, request: Request) -> Response:
        entered = _entered(ComponentInput, request)
        if Component.objects.filter(slug=entered["slug"]).exists():
            raise ValidationError({"slug": [_("There is a component of this name already.")]})
        return _component(Component.objects.create(**entered), 201)


class ComponentDetail(Shown):
    scope = "status"
    serializer_class = ComponentSerializer
    filter_backends = ()
    queryset = Component.objects.all()

    @extend_schema(operation_id="components_read", responses=ComponentSerializer, parameters=parameters(ComponentSerializer))
    def get(self, request: Request, slug: str) -> Response:
        component = _named(slug)
        return self.shown(request, component, version=component.updated_at.isoformat())

    @extend_schema(operation_id="components_change", request=ComponentChange, responses=ComponentSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        component = _named(slug)
        refuse_stale(request, component.updated_at.isoformat())
        entered = _entered(ComponentChange, request, partial=True)
        if state := entered.pop("state", ""):
            incidents.set_state(component, state, by=_by(request))
        for name, value in entered.items():
            setattr(component, name, value)
        component.save(update_fields=[*entered, "updated_at"])
        return _component(component)


class IncidentList(Listed):
    scope = "status"
    serializer_class = IncidentSerializer
    pagination_class = IncidentCursor
    filterset_class = IncidentFilter
    queryset = Incident.objects.none()

    def get_queryset(self) -> QuerySet[Incident]:
        return _whole(self.request).distinct()  # one incident, however many of its components match

    @extend_schema(operation_id="incidents_list", responses=IncidentSerializer(many=True), parameters=parameters(IncidentSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="incidents_create", request=IncidentInput, responses={201: IncidentSerializer})
    def post(self, request: Request) -> Response:
        entered = _entered(IncidentInput, request)
        opened = incidents.open_incident(**entered, source=Incident.Source.API, by=_by(request))
        return _incident(_whole(request).get(pk=opened.pk), 201)


class IncidentDetail(Shown):
    scope = "status"
    serializer_class = IncidentSerializer
    filter_backends = ()
    queryset = Incident.objects.none()

    @extend_schema(operation_id="incidents_read", responses=IncidentSerializer, parameters=parameters(IncidentSerializer))
    def get(self, request: Request, reference: str) -> Response:
        incident = _found(request, reference)
        return self.shown(request, incident, version=incident.updated_at.isoformat())

    @extend_schema(operation_id="incidents_change", request=IncidentChange, responses=IncidentSerializer)
    def patch(self, request: Request, reference: str) -> Response:
        incident = _found(request, reference)
        refuse_stale(request, incident.updated_at.isoformat())
        incidents.change(incident, by=_by(request), **_entered(IncidentChange, request, partial=True))
        return _incident(_found(request, reference))


class UpdateList(Listed):
    scope = "status"
    serializer_class = UpdateSerializer
    pagination_class = UpdateCursor
    filter_backends = ()
    queryset = IncidentUpdate.objects.none()

    def get_queryset(self) -> QuerySet[IncidentUpdate]:
        return _found(self.request, self.kwargs["reference"]).updates.all()

    @extend_schema(operation_id="incident_updates_list", responses=UpdateSerializer(many=True), parameters=parameters(UpdateSerializer))
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="incident_updates_create", request=UpdateInput, responses={201: UpdateSerializer})
    def post(self, request: Request, reference: str) -> Response:
        """Say how it stands; with `status: resolved` it is over."""
        update = incidents.tell(_found(request, reference), **_entered(UpdateInput, request), by=_by(request))
        return Response(UpdateSerializer(update).data, status=201)


class DeploymentList(Listed):
    scope = "status"
    serializer_class = DeploymentSerializer
    pagination_class = DeploymentCursor
    filterset_class = DeploymentFilter
    queryset = Deployment.objects.select_related("component")

    @extend_schema(operation_id="deployments_list", responses=DeploymentSerializer(many=True), parameters=parameters(DeploymentSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="deployments_create", request=DeploymentInput, responses={201: DeploymentSerializer})
    def post(self, request: Request) -> Response:
        deployment = incidents.record_deployment(**_entered(DeploymentInput, request), by=_by(request))
        return Response(DeploymentSerializer(deployment).data, status=201)


def _entered(shape: Any, request: Request, **how: Any) -> dict[str, Any]:
    entered = shape(data=request.data, **how)
    entered.is_valid(raise_exception=True)
    return dict(entered.validated_data)


def _by(request: Request) -> Any:
    return request.user  # an agent or a key: HasScope let nobody else in


def _whole(request: Request) -> QuerySet[Incident]:
    return Incident.objects.visible_to(request.user).prefetch_related("components", "updates")


def _found(request: Request, reference: str) -> Incident:
    incident = _whole(request).filter(reference=reference.replace("\x00", "").upper()[:20]).first()
    if incident is None:
        raise Http404
    return incident


def _named(slug: str) -> Component:
    component = Component.objects.filter(slug=slug).first()
    if component is None:
        raise Http404
    return component


def _incident(incident: Incident, status: int = 200) -> Response:
    return Response(IncidentSerializer(incident).data, status=status, headers={"ETag": etag(incident.updated_at.isoformat())})


def _component(component: Component, status: int = 200) -> Response:
    return Response(ComponentSerializer(component).data, status=status, headers={"ETag": etag(component.updated_at.isoformat())})
