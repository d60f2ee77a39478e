"""What changes on one viewer's screen when something happened: ready HTML by element id, read within what the viewer may see.

A hint says only *that* ticket X has event N. Here the present state is read from PostgreSQL and rendered for this viewer and
this page, so a lost, doubled or late hint does no harm, and nobody is sent what they may not see.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation

from helpdesk.core.models import Event, User
from helpdesk.core.zones import zone_of
from tickets import listing, thread
from tickets.models import Message, Queue, Ticket

OVERLAP = 20  # events read again after a break: transactions commit out of order
MOST_REPLAYED = 200  # tickets; beyond it the page reads its lists anew
ASSISTING = ("triage.completed", "draft.written", "draft.used", "draft.dismissed", "summary.written", "suggestion.used")
SENT = (
    "message.sent",
    "message.delivered",
    "message.delivery_postponed",
    "message.delivery_failed",
    "message.bounced",
    "note.added",
    "message.received",
    "message.adopted",
)

# Parts of pages that stand above this app: they are asked for again by their address, which knows what the viewer may see.
ELSEWHERE = {
    "call.": ["ring-slot", "call-list", "call-board", "call-tabs-slot"],
    "call.whispered": ["whispers"],
    "chat.": ["chat-slot"],
    "notice": ["bell"],
}
OVERSIGHT = "calls.board"  # the group that hears of every call; assist/models/call.py names the same

Op = dict[str, Any]


@dataclass
class Screen:
    """What the viewer looks at: a view, its order, and the ticket that is open (None: none)."""

    view: str = ""
    sort: str = ""
    ticket: UUID | None = None


class FakeRequest:
    """What templates ask of a request, when there is none: who reads, and where."""

    def __init__(self, user: User) -> None:
        self.user, self.path = user, "/inbox/"
        self.COOKIES: dict[str, str] = {}


def screen(viewer: User, view: str, sort: str, number: str) -> Screen:
    """Check what a client says it shows. A ticket that the viewer may not see is no ticket."""
    found = Ticket.objects.visible_to(viewer).filter(number=number.upper()).values_list("pk", flat=True).first() if number else None
    return Screen(view, sort, found)


def groups_of(viewer: User, shown: Screen) -> set[str]:
    """The realtime groups that this viewer hears. The server names them, never the client (security T30)."""
    groups = {f"agent.{viewer.pk}", *(f"queue.{pk}" for pk in Queue.objects.visible_to(viewer).values_list("pk", flat=True))}
    if viewer.oversees or viewer.role == User.Role.LEAD:
        groups.add(OVERSIGHT)
    return groups | {f"ticket.{shown.ticket}"} if shown.ticket else groups


def parts_of(kind: str) -> list[str]:
    """Elements of the page to ask for again after an event of this kind, for things that are no tickets."""
    return ELSEWHERE.get(kind) or ELSEWHERE.get(kind.partition(".")[0] + ".", [])


def ops_for(viewer: User, shown: Screen, events: Collection[int], tickets: Collection[UUID]) -> list[Op]:
    """Everything to change on this screen because of these events of these tickets."""
    with translation.override(viewer.language or "en"), timezone.override(zone_of(viewer.time_zone)):
        ops = _row_ops(viewer, shown, tickets)
        if shown.ticket in tickets:
            ops += _ticket_ops(viewer, shown.ticket, events)  # type: ignore[arg-type]
        return ops + _number_ops(viewer, shown)


def missed(viewer: User, shown: Screen, n: int) -> tuple[int, list[int], list[UUID]] | None:
    """(newest event, events, tickets) since the client's number; None when there are too many to replay one by one."""
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    rows = (
        Event.objects.filter(id__gt=n - OVERLAP, ticket_ref__isnull=False)
        .order_by("id")
        .values_list("id", "ticket_ref")[: MOST_REPLAYED * 10]
    )
    events = list(rows)
    tickets = list(dict.fromkeys(ticket for _id, ticket in events if ticket))
    if len(tickets) > MOST_REPLAYED or len(events) == MOST_REPLAYED * 10:
        return None
    return newest, [event for event, _ticket in events], tickets


def _row_ops(viewer: User, shown: Screen, tickets: Collection[UUID]) -> list[Op]:
    view = _view(viewer, shown.view)
    if view is None or not tickets:
        return []
    sort = view.sort(shown.sort)
    here: QuerySet[Ticket] = listing.for_rows(view.tickets(viewer).filter(pk__in=tickets), viewer)
    rows = listing.rows_of(list(here), sort, viewer)
    inside = {row.ticket.pk for row in rows}
    gone = Ticket.objects.filter(pk__in=set(tickets) - inside).values_list("number", flat=True)
    return [_row_op(row, view, shown, viewer) for row in rows] + [{"op": "remove", "id": f"t-{number}"} for number in gone]


def _row_op(row: listing.Row, view: listing.View, shown: Screen, viewer: User) -> Op:
    current = row.ticket.number if row.ticket.pk == shown.ticket else ""
    if current:
        row.unread = False
    html = _render("tickets/row.html", viewer, {"row": row, "page": {"view": view}, "current": current})
    return {"op": "row", "id": f"t-{row.ticket.number}", "list": f"rows-{row.group}", "key": row.key, "html": html}


def _view(viewer: User, slug: str) -> listing.View | None:
    known = next((view for view in listing.VIEWS if view.slug == slug), None)
    if known or not slug.startswith(listing.TEAM):
        return known
    queue = Queue.objects.visible_to(viewer).filter(slug=slug.removeprefix(listing.TEAM)).first()
    return listing.team_view(queue) if queue else None


def _number_ops(viewer: User, shown: Screen) -> list[Op]:
    rail = listing.rail(viewer, shown.view)
    numbers = [
        {
            "op": "number",
            "id": f"count-{view.slug}",
            "text": listing.shown(view.count),
            "tone": view.tone if view.tone and view.count else "",
        }
        for view in (*rail.views, *rail.teams)
        if view.count is not None
    ]
    tone = "bad" if rail.escalations else ""
    numbers.append({"op": "number", "id": "rail-escalations", "text": listing.shown(rail.escalations or None), "tone": tone})
    current = rail.find(shown.view)
    return numbers + (_group_ops(current, rail) if current and rail.groups else [])


def _group_ops(view: listing.View, rail: listing.Rail) -> list[Op]:
    """The numbers over the groups; none where the count stopped at its bound."""
    found, before = [], 0
    for group in listing.groups():
        up_to = view.count if group.until is None else rail.groups.get(group.slug)
        text = "" if up_to is None or up_to >= listing.MOST_COUNTED else str(max(0, up_to - before))
        found.append({"op": "number", "id": f"number-{group.slug}", "text": text, "tone": ""})
        before = up_to or 0
    return found


def _ticket_ops(viewer: User, pk: UUID, events: Collection[int]) -> list[Op]:
    ticket = thread.for_screen(Ticket.objects.visible_to(viewer).filter(pk=pk), viewer).first()
    if ticket is None:
        return [{"op": "gone"}]
    work, page = thread.head(ticket), {"view": listing.VIEWS[5]}
    ops: list[Op] = [
        {"op": "replace", "id": "ticket-head", "html": _render("tickets/head.html", viewer, {"work": work, "page": page})},
        {"op": "replace", "id": "ticket-details", "html": _render("tickets/details.html", viewer, {"work": work, "page": page})},
    ]
    happened = list(Event.objects.filter(pk__in=events, ticket_ref=pk).order_by("id"))
    ops += _message_ops(viewer, happened)
    ops += [_item_op(viewer, thread.event_item(event), f"e-{event.pk}") for event in happened if thread.told(event)]
    ops += [{"op": "remove", "id": f"m-{event.subject_id}"} for event in happened if event.kind in ("message.withdrawn", "note.removed")]
    if any(event.kind in (*ASSISTING, *SENT) for event in happened):
        ops.append({"op": "refresh", "ids": ["p-assist", "draft-slot"]})
    thread.mark_read(ticket, viewer)
    return ops


def _message_ops(viewer: User, happened: list[Event]) -> list[Op]:
    wanted = [event.subject_id for event in happened if event.subject_type == "message" and event.kind in SENT]
    messages = thread.for_thread(Message.objects.visible_to(viewer).filter(pk__in=wanted)).order_by("created_at", "id")
    return [{**_item_op(viewer, thread.message_item(m), f"m-{m.pk}"), **_voice(m, viewer)} for m in messages]


def _voice(message: Message, viewer: User) -> Op:
    """Who spoke, so that a colleague who is writing can be warned; our own words warn nobody."""
    own = message.user_id == viewer.pk
    if own or message.is_note:
        return {}
    in_chat = message.channel == Ticket.Channel.CHAT and message.author_kind != Message.AuthorKind.AGENT  # both sides write at once there
    return {"author": str(message.user_id or message.customer_id or ""), "name": message.author_name, "chat": in_chat}


def _item_op(viewer: User, item: thread.Item, element: str) -> Op:
    local = timezone.localtime(item.at)
    day = _render("tickets/item.html", viewer, {"item": thread.Item("day", item.at, day=local.date())})
    html = _render("tickets/item.html", viewer, {"item": item})
    return {"op": "item", "id": element, "html": html, "at": item.at.isoformat(), "day": f"{local:%Y-%m-%d}", "day_html": day}


def _render(template: str, viewer: User, context: dict[str, Any]) -> str:
    return render_to_string(template, {**context, "request": FakeRequest(viewer), "product_name": settings.PRODUCT_NAME, "csrf_token": ""})
