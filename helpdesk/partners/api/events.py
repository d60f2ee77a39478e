"""`/api/v1/events/`: everything that happened, in an order in which a reader who keeps the cursor misses nothing."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from customers import identity
from customers.access_log import note_read
from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.api.permissions import IsKnown
from helpdesk.core.models import Event
from helpdesk.partners import feed
from tickets.models import Ticket

MOST, USUAL = 100, 25  # events a page
MOST_KINDS = 200


class FeedInput(StrictSerializer):
    """Query parameters of the feed."""

    cursor = serializers.CharField(required=False, max_length=200, help_text="From the last page: go on behind it")
    start = serializers.ChoiceField(("first", "now"), default="first", help_text="Without a cursor: from the first event, or only new ones")
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=USUAL)
    kind = serializers.CharField(required=False, max_length=4_000, help_text="Kinds with commas between, such as ticket.created")
    ticket = serializers.CharField(required=False, max_length=24, help_text="A ticket's number")
    customer = serializers.CharField(required=False, max_length=150, help_text="Our id or yours")
    subject_type = serializers.CharField(required=False, max_length=40)
    subject_id = serializers.CharField(required=False, max_length=64)
    since = serializers.DateTimeField(required=False, help_text="Not before this moment")
    until = serializers.DateTimeField(required=False, help_text="Before this moment")

    def validate_kind(self, value: str) -> list[str]:
        named = [kind.strip() for kind in value.split(",")][:MOST_KINDS]
        if unknown := sorted(set(named) - set(feed.kinds())):
            raise ValidationError(_("There is no kind of event “%(kind)s”.") % {"kind": unknown[0][:60]})
        return named


class Actor(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)


class FeedEventSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="The same wherever this event is met: here and in a webhook's delivery")
    kind = serializers.CharField()
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    ticket = serializers.CharField(allow_null=True)
    customer_id = serializers.CharField(allow_null=True)
    actor = Actor()
    data = serializers.DictField()  # type: ignore[assignment]  # the contract's name
    occurred_at = serializers.DateTimeField()


class FeedPageSerializer(serializers.Serializer[Any]):
    results = FeedEventSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Follow it at once: there is more. A page with few events may still have one")
    cursor = serializers.CharField(help_text="Keep it: it leads on from here, now or later")


class Feed(generics.GenericAPIView):  # type: ignore[type-arg]
    permission_classes = (IsKnown,)  # which kinds a key hears of, its read scopes say
    filter_backends = ()
    pagination_class = None
    serializer_class = FeedPageSerializer
    queryset = Event.objects.none()

    @extend_schema(operation_id="events_list", parameters=[FeedInput], responses=FeedPageSerializer)
    def get(self, request: Request) -> Response:
        """The events that you may read, oldest first. Keep `cursor`; when `next` is null, come again with it."""
        entered = FeedInput(data=request.query_params.dict())
        entered.is_valid(raise_exception=True)
        asked: dict[str, Any] = dict(entered.validated_data)
        page = feed.page(request.user, _wanted(asked, request), after=_place(asked), limit=asked["limit"])
        tickets, cursor = feed.tickets_of(page.events), feed.cursor_of(page.after)
        concerned = {feed.customer_of(one, tickets) for one in page.events} - {None}
        note_read(request.user, cast("set[UUID]", concerned), "events", request.query_params.urlencode())
        onward = replace_query_param(request.build_absolute_uri(), "cursor", cursor) if page.more else None
        return Response({"results": [feed.present(one, tickets) for one in page.events], "next": onward, "cursor": cursor})


def _place(asked: dict[str, Any]) -> feed.Place | None:
    if cursor := asked.get("cursor"):
        return feed.place_of(cursor)
    return feed.end() if asked["start"] == "now" else None


def _wanted(asked: dict[str, Any], request: Request) -> feed.Wanted:
    """Raises ValidationError for a ticket or customer that the caller does not know of."""
    ticket, customers = None, set()
    if number := asked.get("ticket"):
        ticket = Ticket.objects.visible_to(request.user).filter(number=number.upper()).values_list("pk", flat=True).first()
        if ticket is None:
            raise ValidationError({"ticket": [_("There is no such ticket.")]})
    if reference := asked.get("customer"):
        customer = identity.find(customer_id=reference)
        if customer is None:
            raise ValidationError({"customer": [_("There is no such customer.")]})
        customers = {customer.pk}
    named = {name: asked[name] for name in ("subject_type", "subject_id", "since", "until") if name in asked}
    return feed.Wanted(kinds=asked.get("kind", ()), ticket=ticket, customers=customers, **named)
