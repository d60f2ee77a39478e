"""`/api/v1/tickets/`: list, create, read, change."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from customers import identity
from customers.access_log import note_read
from helpdesk.core.api.base import etag, refuse_stale
from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.idempotency import HEADER, digest_of, scope_of
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import Cursor
from helpdesk.core.api.shaping import parameters
from helpdesk.core.models import ApiKey, User
from tickets import escalating, intake, merging, searching
from tickets.channels.base import InboundMessage, Sender
from tickets.models import Escalation, Queue, Tag, Ticket
from tickets.models.escalation import STANDARD, with_open

from . import placing
from .input import EscalationInput, MergeInput, NewTicketInput, TicketChangeInput, files_of, partners_metadata
from .representation import TicketSerializer


class TicketFilter(filters.FilterSet):  # type: ignore[misc]
    status = filters.MultipleChoiceFilter(choices=Ticket.Status.choices)
    priority = filters.MultipleChoiceFilter(choices=Ticket.Priority.choices)
    channel = filters.ChoiceFilter(choices=Ticket.Channel.choices)
    queue = filters.CharFilter(field_name="queue__slug", max_length=80)
    category = filters.CharFilter(field_name="category__slug", max_length=60)
    tag = filters.CharFilter(field_name="tags__name", max_length=60)
    assignee = filters.UUIDFilter(field_name="assignee_id")
    unassigned = filters.BooleanFilter(field_name="assignee", lookup_expr="isnull")
    organization = filters.UUIDFilter(field_name="organisation_id")
    sentiment = filters.ChoiceFilter(choices=Ticket.Sentiment.choices)
    language = filters.CharFilter(max_length=12)
    number = filters.CharFilter(lookup_expr="iexact", max_length=24)
    escalated = filters.BooleanFilter(method="having_escalation", label="With an open escalation, or without")
    escalation = filters.ChoiceFilter(
        method="escalated_to", choices=[(slug, one[0]) for slug, one in STANDARD.items()], label="With an open escalation to this level"
    )
    customer = filters.CharFilter(method="of_customer", max_length=150, label="Our id or yours")
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")
    updated_after = MomentFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = MomentFilter(field_name="updated_at", lookup_expr="lt")
    resolved_after = MomentFilter(field_name="resolved_at", lookup_expr="gte")
    resolved_before = MomentFilter(field_name="resolved_at", lookup_expr="lt")
    search = filters.CharFilter(method="matching", max_length=searching.LONGEST_QUERY, label="Words in subject, people, tags or messages")

    def of_customer(self, queryset: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        customer = identity.find(customer_id=value)
        return queryset.filter(customer=customer) if customer else queryset.none()

    def having_escalation(self, queryset: QuerySet[Ticket], _name: str, value: bool) -> QuerySet[Ticket]:
        up = Exists(Escalation.objects.open().filter(ticket=OuterRef("pk")))
        return queryset.filter(up if value else ~up)

    def escalated_to(self, queryset: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        return queryset.filter(pk__in=Escalation.objects.open().filter(level=value).order_by().values("ticket"))

    def matching(self, queryset: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        return queryset.filter(pk__in=searching.search(value, viewer=self.request.user).order_by().values("pk"))


class TicketCursor(Cursor):
    allowed = ("created_at", "updated_at", "number")


class TicketList(Listed):
    scope = "tickets"
    serializer_class = TicketSerializer
    pagination_class = TicketCursor
    filterset_class = TicketFilter
    queryset = Ticket.objects.none()

    def get_queryset(self) -> QuerySet[Ticket]:
        return whole(Ticket.objects.visible_to(self.request.user))

    def note(self, request: Request, page: Any) -> None:
        note_read(request.user, {ticket.customer_id for ticket in page}, "tickets", request.query_params.urlencode())

    @extend_schema(operation_id="tickets_list", responses=TicketSerializer(many=True), parameters=parameters(TicketSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="tickets_create", request=NewTicketInput, responses={201: TicketSerializer})
    def post(self, request: Request) -> Response:
        entered = NewTicketInput(data=request.data)
        entered.is_valid(raise_exception=True)
        message = intake.receive(_inbound(request, entered.validated_data), by=_key(request))
        return answer(_fresh(message.ticket), status=201)


class TicketDetail(Shown):
    scope = "tickets"
    serializer_class = TicketSerializer
    queryset = Ticket.objects.none()

    @extend_schema(operation_id="tickets_read", responses=TicketSerializer, parameters=parameters(TicketSerializer))
    def get(self, request: Request, number: str) -> Response:
        ticket = find(request, number)
        note_read(request.user, ticket.customer_id, "ticket", ticket.number)
        return self.shown(request, ticket, version=str(ticket.version))

    @extend_schema(operation_id="tickets_change", request=TicketChangeInput, responses=TicketSerializer)
    def patch(self, request: Request, number: str) -> Response:
        ticket = find(request, number)
        refuse_stale(request, ticket.version)
        entered = TicketChangeInput(data=request.data, partial=True)
        entered.is_valid(raise_exception=True)
        wanted = entered.validated_data
        if "queue" in wanted and _is_limited(request.user):
            placing.queue_for(request.user, wanted["queue"])
        change(ticket, wanted, by=request.user)
        return answer(_fresh(ticket))


class TicketMerging(Shown):
    scope = "tickets"
    serializer_class = TicketSerializer
    queryset = Ticket.objects.none()

    @extend_schema(operation_id="tickets_merge", request=MergeInput, responses=TicketSerializer)
    def post(self, request: Request, number: str) -> Response:
        """This ticket becomes part of `into`, which is answered. 409 where they are two customers', or one is merged or solved."""
        merged = find(request, number)
        refuse_stale(request, merged.version)
        entered = MergeInput(data=request.data)
        entered.is_valid(raise_exception=True)
        kept = _visible(request, entered.validated_data["into"])
        if kept is None:
            raise ValidationError({"into": [_("There is no such ticket.")]})
        merging.merge(kept=kept, merged=merged, by=cast("User | ApiKey", request.user))  # HasScope let nobody else in
        return answer(_fresh(kept))


class TicketEscalation(Shown):
    scope = "tickets"
    serializer_class = TicketSerializer
    queryset = Ticket.objects.none()

    @extend_schema(operation_id="tickets_escalate", request=EscalationInput, responses=TicketSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Others must see it: it stands in the queue of escalations until somebody acknowledges it. 409 for a solved ticket."""
        ticket = find(request, number)
        refuse_stale(request, ticket.version)
        entered = EscalationInput(data=request.data)
        entered.is_valid(raise_exception=True)
        escalating.escalate(ticket, **entered.validated_data, by=cast("User | ApiKey", request.user))
        return answer(_fresh(ticket))


def whole(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """With everything that the representation reads: a constant number of queries for any page."""
    return with_open(tickets.with_people().defer(None)).prefetch_related("tags", "customer__contact_points")  # type: ignore[attr-defined]


def find(request: Request, number: str) -> Ticket:
    """The ticket of that number, if the caller may see it. Raises Http404 else."""
    ticket = _visible(request, number)
    if ticket is None:
        raise Http404
    return ticket


def _visible(request: Request, number: str) -> Ticket | None:
    seen = whole(Ticket.objects.visible_to(request.user))
    return seen.filter(number=number.strip().upper()[:24]).first() if "\x00" not in number else None


def _fresh(ticket: Ticket) -> Ticket:
    """The ticket as it is after the caller's own deed, which may have put it where they see no more of it."""
    return whole(Ticket.objects.all()).get(pk=ticket.pk)


def answer(ticket: Ticket, status: int = 200) -> Response:
    return Response(TicketSerializer(ticket).data, status=status, headers={"ETag": etag(ticket.version)})


def change(ticket: Ticket, wanted: dict[str, Any], *, by: Any) -> None:
    """Apply a PATCH: all of it or nothing."""
    with transaction.atomic():
        if "subject" in wanted:
            ticket.set_subject(wanted["subject"], by=by)
        if "queue" in wanted:
            ticket.move(queue=wanted["queue"], by=by)
        if "category" in wanted:
            ticket.set_category(wanted["category"], by=by)
        if "priority" in wanted:
            ticket.set_priority(wanted["priority"], by=by)
        if "assignee_id" in wanted:
            ticket.assign(to=wanted["assignee_id"], by=by)
        if "tags" in wanted:
            _set_tags(ticket, wanted["tags"], by)
        if "status" in wanted:
            ticket.set_status(wanted["status"], by=by)


def _set_tags(ticket: Ticket, names: list[str], by: Any) -> None:
    wanted = {Tag.normal(name) for name in names}
    present = {tag.name for tag in ticket.tags.all()}
    for name in sorted(present - wanted):
        ticket.untag(name, by=by)
    for name in sorted(wanted - present):
        ticket.tag(name, by=by)


def _inbound(request: Request, data: dict[str, Any]) -> InboundMessage:
    customer = data.get("customer", {})
    known = None
    if "customer_id" in data and (known := identity.find(customer_id=data["customer_id"])) is None:
        raise ValidationError({"customer_id": [_("There is no such customer.")]})
    return InboundMessage(
        channel=data["channel"],
        sender=Sender(
            email=customer.get("email", ""),
            phone=customer.get("phone", ""),
            name=customer.get("name", ""),
            external_id=customer.get("external_id", ""),
            customer_id=known.pk if known else None,
        ),
        subject=data.get("subject", ""),
        body_text=data["body"],
        external_id=once_id(request),
        verified="pass",
        queue=_queue(request, data.get("queue", "")),
        priority=data.get("priority", ""),
        tags=tuple(data.get("tags", ())),
        attachments=files_of(data),
        metadata=partners_metadata(data),
    )


def once_id(request: Request, given: str = "", *, within: str = "") -> str:
    """An external id from the caller's own id or Idempotency-Key: should we die before answering, the retry finds the message.

    The caller's id counts `within` one ticket. A key counts with its body: keys may be used anew after a day, and other words
    are another message.
    """
    key = request.headers.get(HEADER, "")
    mark = f"{within}\0{given}" if given else f"{key}\0{digest_of(request)}" if key else ""  # type: ignore[arg-type]
    return f"api-{hashlib.sha256(f'{scope_of(request)}{mark}'.encode()).hexdigest()}" if mark else ""  # type: ignore[arg-type]


def _queue(request: Request, wanted: str) -> str:
    """A queue's slug; "" for wherever it belongs, which a key of some teams may not leave to us."""
    if not _is_limited(request.user):
        return wanted
    return placing.queue_for(request.user, Queue.objects.filter(slug=wanted).first() if wanted else None).slug


def _is_limited(viewer: Any) -> bool:
    return isinstance(viewer, ApiKey) and not viewer.oversees


def _key(request: Request) -> ApiKey | None:
    return request.user if isinstance(request.user, ApiKey) else None
