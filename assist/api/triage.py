"""`POST /api/v1/triage`: a ticket is analysed, nothing is stored."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assist.triage.case import Case, Profile
from assist.triage.pipeline import Scope, analyse
from customers import identity
from helpdesk.core.models import ApiKey
from tickets.models import Ticket

EXAMPLE = OpenApiExample(
    "A ticket",
    value={
        "ticket_id": "TICKET-12345",
        "subject": "Can't log into my account",
        "body": "I keep getting error E401",
        "customer_id": "CUST-67890",
        "metadata": {"customer_tier": "premium"},
    },
    request_only=True,
)


class Triage(APIView):
    scope = "triage"

    @extend_schema(operation_id="triage", request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        case = Case.read(request.data)
        customer = identity.find(customer_id=case.customer_id) if case.customer_id else None
        if customer is not None:
            case = case.model_copy(update={"customer": profile_of(customer, given=case.customer)})
        outcome = analyse(case, scope=scope_of(request.user, customer))
        return Response(outcome.result())


def profile_of(customer: Any, *, given: Profile) -> Profile:
    """What the caller says wins over what we know."""
    tier = (customer.organisation.tier if customer.organisation else "") or customer.tier
    known = {"customer_id": str(customer.pk), "name": customer.name, "tier": tier, "technical_level": customer.technical_level}
    return Profile(**{**known, **{name: value for name, value in given.model_dump().items() if value}})


def scope_of(user: Any, customer: Any = None) -> Scope:
    """Articles and similar tickets that this caller may see; a key needs `tickets:read` for the latter."""

    def tickets(_category: str) -> QuerySet[Ticket]:
        if isinstance(user, ApiKey) and not user.allows("tickets:read"):
            return Ticket.objects.none()
        return Ticket.objects.visible_to(user)

    return Scope(viewer=user, tickets=tickets, customer_id=customer.pk if customer else None)
