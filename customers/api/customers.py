"""`/api/v1/customers/` and `/api/v1/organizations/`: list, create, read, change. Erasing is a supervisor's deed, on its page."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers import changing, identity
from customers.access_log import note_read
from customers.models import Customer, Organisation
from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import Cursor
from helpdesk.core.api.shaping import parameters, refuse_changed
from helpdesk.core.models import ApiKey, User

from .input import CustomerChange, CustomerInput, OrganizationChange, OrganizationInput
from .representation import CustomerSerializer, OrganizationSerializer

MOST_WORDS = 10  # of a search


class CustomerFilter(filters.FilterSet):  # type: ignore[misc]
    email = filters.CharFilter(method="with_address", max_length=320)
    phone = filters.CharFilter(method="with_address", max_length=40)
    external_id = filters.CharFilter(max_length=150)
    organization = filters.UUIDFilter(field_name="organisation_id")
    tier = filters.CharFilter(max_length=40)
    language = filters.CharFilter(max_length=12)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")
    search = filters.CharFilter(method="matching", max_length=200, label="Words in name, addresses or organisation")

    def with_address(self, queryset: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        normal = identity.normal_email(value) if name == "email" else identity.normal_phone(value)
        return queryset.filter(contact_points__kind=name, contact_points__value=normal)

    def matching(self, queryset: QuerySet[Customer], _name: str, value: str) -> QuerySet[Customer]:
        known = Customer.objects.visible_to(_viewer(self.request))
        for word in value.split()[:MOST_WORDS]:
            addressed = known.filter(contact_points__value__icontains=word).values("pk")
            queryset = queryset.filter(Q(name__icontains=word) | Q(organisation__name__icontains=word) | Q(pk__in=addressed))
        return queryset


class OrganizationFilter(filters.FilterSet):  # type: ignore[misc]
    external_id = filters.CharFilter(max_length=150)
    domain = filters.CharFilter(method="of_domain", max_length=253)
    tier = filters.CharFilter(max_length=40)
    search = filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=200)

    def of_domain(self, queryset: QuerySet[Organisation], _name: str, value: str) -> QuerySet[Organisation]:
        return queryset.filter(domains__contains=[value.lower()])


class NamedCursor(Cursor):
    allowed = ("created_at", "name")


class CustomerList(Listed):
    scope = "customers"
    serializer_class = CustomerSerializer
    pagination_class = NamedCursor
    filterset_class = CustomerFilter
    queryset = Customer.objects.none()

    def get_queryset(self) -> QuerySet[Customer]:
        return _whole(Customer.objects.visible_to(_viewer(self.request)))

    def note(self, request: Request, page: Any) -> None:
        note_read(request.user, {customer.pk for customer in page}, "customers", request.query_params.urlencode())

    @extend_schema(operation_id="customers_list", responses=CustomerSerializer(many=True), parameters=parameters(CustomerSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="customers_create", request=CustomerInput, responses={201: CustomerSerializer})
    def post(self, request: Request) -> Response:
        """409 when we know somebody by one of these already; `customer_id` in the problem says who."""
        entered = CustomerInput(data=request.data)
        entered.is_valid(raise_exception=True)
        customer = changing.write_down(**entered.validated_data, by=request.user)
        return Response(CustomerSerializer(_find(request, str(customer.pk))).data, status=201)


class CustomerDetail(Shown):
    scope = "customers"
    serializer_class = CustomerSerializer
    queryset = Customer.objects.none()

    @extend_schema(operation_id="customers_read", responses=CustomerSerializer, parameters=parameters(CustomerSerializer))
    def get(self, request: Request, reference: str) -> Response:
        """By our id or by yours (`external_id`)."""
        customer = _find(request, reference)
        note_read(request.user, customer.pk, "customer", reference)
        return self.shown(request, customer)

    @extend_schema(operation_id="customers_change", request=CustomerChange, responses=CustomerSerializer)
    def patch(self, request: Request, reference: str) -> Response:
        customer = _find(request, reference)
        refuse_changed(request, self.whole(customer))
        entered = CustomerChange(data=request.data, partial=True)
        entered.is_valid(raise_exception=True)
        changing.change(customer, **entered.validated_data, by=request.user)
        return self.shown(request, _find(request, str(customer.pk)))


class OrganizationList(Listed):
    scope = "customers"
    serializer_class = OrganizationSerializer
    pagination_class = NamedCursor
    filterset_class = OrganizationFilter
    queryset = Organisation.objects.all()

    @extend_schema(
        operation_id="organizations_list", responses=OrganizationSerializer(many=True), parameters=parameters(OrganizationSerializer)
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="organizations_create", request=OrganizationInput, responses={201: OrganizationSerializer})
    def post(self, request: Request) -> Response:
        entered = OrganizationInput(data=request.data)
        entered.is_valid(raise_exception=True)
        return Response(OrganizationSerializer(changing.found(**entered.validated_data, by=request.user)).data, status=201)


class OrganizationDetail(Shown):
    scope = "customers"
    serializer_class = OrganizationSerializer
    queryset = Organisation.objects.all()

    @extend_schema(operation_id="organizations_read", responses=OrganizationSerializer, parameters=parameters(OrganizationSerializer))
    def get(self, request: Request, pk: UUID) -> Response:
        return self.shown(request, _organisation(pk))

    @extend_schema(operation_id="organizations_change", request=OrganizationChange, responses=OrganizationSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        organisation = _organisation(pk)
        refuse_changed(request, self.whole(organisation))
        entered = OrganizationChange(data=request.data, partial=True)
        entered.is_valid(raise_exception=True)
        changing.change_organisation(organisation, **entered.validated_data, by=request.user)
        return self.shown(request, organisation)


def _viewer(request: Any) -> User | ApiKey:
    return cast("User | ApiKey", request.user)  # HasScope let nobody else in


def _whole(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    return customers.select_related("organisation").prefetch_related("contact_points")


def _find(request: Request, reference: str) -> Customer:
    """The customer of our id or the caller's. Raises Http404."""
    known = identity.find(customer_id=reference[:150]) if "\x00" not in reference else None
    customer = _whole(Customer.objects.visible_to(_viewer(request))).filter(pk=known.pk).first() if known else None
    if customer is None:
        raise Http404
    return customer


def _organisation(pk: UUID) -> Organisation:
    organisation = Organisation.objects.filter(pk=pk).first()
    if organisation is None:
        raise Http404
    return organisation
