"""The feed of events (contract section 8): what a reader may see of it, a page of it, and how one event looks.

A page costs the same at any depth and with any filter: it looks through at most WINDOW events. Where few of those match, the
page is short or empty, and `next` still leads on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThanOrEqual

from helpdesk.core.clock import iso_exact
from helpdesk.core.errors import Invalid
from helpdesk.core.feed_order import horizon
from helpdesk.core.kinds import KINDS
from helpdesk.core.models import ApiKey, Event, User
from tickets.models import Ticket

WINDOW = 5_000  # events
LONGEST_TRANSACTION = timedelta(hours=1)  # events stand out of the order of their times by no more than this
SALT = "events-feed"

# By which scope an event is read, by the first word of its kind. What is not here concerns nobody outside.
RESOURCES = {
    "ticket": "tickets",
    "message": "tickets",
    "note": "tickets",
    "sla": "tickets",
    "escalation": "tickets",
    "satisfaction": "tickets",
    "rating": "tickets",
    "macro": "tickets",
    "action": "tickets",
    "customer": "customers",
    "organisation": "customers",
    "article": "articles",
    "call": "calls",
    "chat": "chat",
    "triage": "triage",
    "suggestion": "triage",
    "draft": "triage",
    "incident": "status",
    "component": "status",
    "deployment": "status",
    "alert": "metrics",
    "experiment": "metrics",
    "budget": "metrics",
    "webhook": "webhooks",
}
Place = tuple[int, int]  # (position, id)
Tickets = dict[UUID, tuple[str, UUID]]  # by id: number, customer
START: Place = (-1, 0)
CALL = "callsession"  # a caller whom nobody knows has neither ticket nor customer; the call is a team's all the same
NOBODYS = Q(ticket_ref=None, customer_ref=None) & ~Q(subject_type=CALL)  # `is_nobodys`, in SQL


def kinds() -> list[str]:
    """Every kind of event that partners may hear of, in order."""
    return sorted(kind for kind in KINDS if resource_of(kind))


def resource_of(kind: str) -> str:
    """The resource whose `read` scope opens events of this kind; "" for those that are ours alone."""
    return RESOURCES.get(kind.partition(".")[0], "")


def readable(viewer: Any) -> list[str]:
    """The kinds that a viewer may read."""
    if isinstance(viewer, ApiKey):
        return [kind for kind in kinds() if viewer.allows(f"{resource_of(kind)}:read")]
    return kinds() if isinstance(viewer, User) else []


@dataclass(frozen=True)
class Wanted:
    """Filters; empty ones let everything through."""

    kinds: Collection[str] = ()
    ticket: UUID | None = None
    customers: Collection[UUID] = ()
    subject_type: str = ""
    subject_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass
class Page:
    """`after`: the place from where to go on; `more`: whether there is something beyond it already."""

    events: list[Event] = field(default_factory=list)
    after: Place = START
    more: bool = False


def page(viewer: Any, wanted: Wanted, *, after: Place | None, limit: int) -> Page:
    """The next events after a place, oldest first. Without a place it begins at `since`, or with the first event of all."""
    place = after or (_place_before(wanted.since) if wanted.since else START)
    complete = _beyond(place).filter(position__lt=horizon())
    window = list(complete.values_list("position", "id")[: WINDOW + 1])
    if not window:
        return Page(after=place)
    last = window[:WINDOW][-1]
    found = list(complete.filter(TupleLessThanOrEqual(Tuple("position", "id"), last)).filter(_matching(wanted, viewer))[: limit + 1])
    if len(found) > limit:
        return Page(found[:limit], (found[limit - 1].position, found[limit - 1].pk), more=True)
    return Page(found, last, more=len(window) > WINDOW)


def cursor_of(place: Place) -> str:
    """The place as clients carry it."""
    return signing.Signer(salt=SALT).sign_object(place)


def place_of(cursor: str) -> Place:
    """Raises Invalid for a cursor that we never gave out."""
    try:
        position, number = signing.Signer(salt=SALT).unsign_object(cursor[:200])
        return int(position), int(number)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Invalid("", errors={"cursor": ["This is not a cursor of the feed."]}) from error


def end() -> Place:
    """The place after everything that is complete now."""
    newest = Event.objects.filter(position__lt=horizon()).order_by("-position", "-id").values_list("position", "id").first()
    return newest or START


def present(event: Event, tickets: Tickets) -> dict[str, Any]:
    """One event as partners read it. `tickets`: those that events speak of (`tickets_of`)."""
    number, _owner = tickets.get(event.ticket_ref, (None, None)) if event.ticket_ref else (None, None)
    customer = customer_of(event, tickets)
    return {
        "id": event.pk,
        "kind": event.kind,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "ticket": number,
        "customer_id": str(customer) if customer else None,
        "actor": {"kind": event.actor_kind, "id": event.actor_id, "name": event.actor_name},
        "data": event.data,
        "occurred_at": iso_exact(event.occurred_at),
    }


def tickets_of(events: Iterable[Event]) -> Tickets:
    """Number and customer of each ticket that events speak of, in one query."""
    ids = {event.ticket_ref for event in events if event.ticket_ref}
    return {pk: (number, owner) for pk, number, owner in Ticket.objects.filter(pk__in=ids).values_list("pk", "number", "customer_id")}


def customer_of(event: Event, tickets: Tickets) -> UUID | None:
    """Whom an event concerns: the one it names, else the one whose ticket it is."""
    return event.customer_ref or (tickets[event.ticket_ref][1] if event.ticket_ref in tickets else None)


def is_nobodys(event: Event) -> bool:
    """Whether it belongs to no ticket, no customer and no call: of the company's articles, incidents, alerts."""
    return event.ticket_ref is None and event.customer_ref is None and event.subject_type != CALL


def _beyond(place: Place) -> QuerySet[Event]:
    return Event.objects.filter(TupleGreaterThan(Tuple("position", "id"), place)).order_by("position", "id")


def _matching(wanted: Wanted, viewer: Any) -> Q:
    """Agents who do not oversee, and keys of some teams, hear of their tickets, and of what is nobody's (`is_nobodys`)."""
    allowed = readable(viewer)
    seen = Q(kind__in=[kind for kind in allowed if not wanted.kinds or kind in wanted.kinds])
    if not viewer.oversees:
        seen &= Q(ticket_ref__in=Ticket.objects.visible_to(viewer).values("pk")) | NOBODYS
    if wanted.ticket:
        seen &= Q(ticket_ref=wanted.ticket)
    if wanted.customers:
        seen &= Q(customer_ref__in=wanted.customers) | Q(ticket_ref__in=Ticket.objects.filter(customer__in=wanted.customers).values("pk"))
    for name in ("subject_type", "subject_id"):
        if value := getattr(wanted, name):
            seen &= Q(**{name: value})
    if wanted.since:
        seen &= Q(occurred_at__gte=wanted.since)
    if wanted.until:
        seen &= Q(occurred_at__lt=wanted.until)
    return seen


def _place_before(moment: datetime) -> Place:
    """A place before every event of that moment and later, found by halves: ids grow with time, but for transactions that overlap."""
    early = moment - LONGEST_TRANSACTION
    first, last = _edge("id"), _edge("-id")
    if first is None or last is None:
        return START
    low, high = first, last + 1
    while low < high:
        middle = (low + high) // 2
        at = Event.objects.filter(pk__gte=middle).order_by("pk").values_list("pk", "occurred_at").first()
        if at is None or at[1] >= early:
            high = middle
        else:
            low = at[0] + 1
    position = Event.objects.filter(pk__gte=low).order_by("pk").values_list("position", flat=True).first()
    return (position - 1, 0) if position else (0, low - 1)  # position 0: older than the feed, in the order of ids


def _edge(order: str) -> int | None:
    return Event.objects.order_by(order).values_list("pk", flat=True).first()
