"""The inbox as data: its views, their order, one page of rows, and the numbers beside them.

Lists are read by keyset (after the last row seen), so the thousandth page costs what the first does. Numbers stop at
`MOST_COUNTED`: beyond it the screen says "999+", which is honest and bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import ContactPoint
from helpdesk.core.models import Event, User
from knowledge.models import Incident
from tickets import conversing, sla
from tickets.flags import Flag, flags_of
from tickets.models import Escalation, Queue, Ticket, TicketRead, escalation
from tickets.models.ticket import TicketQuerySet

PAGE = 30  # rows: three screens; the next ones are asked for as the end comes near
MOST_COUNTED = 1000
TEAM = "team-"


@dataclass(frozen=True)
class Sort:
    """An order of rows: by one column, ties by id, each the way an index runs."""

    slug: str
    label: str | Promise
    column: str
    descending: bool = False

    def apply(self, tickets: TicketQuerySet) -> TicketQuerySet:
        # exactly as the indexes run: a word more about NULLs, and PostgreSQL would sort by hand
        return tickets.order_by(f"-{self.column}" if self.descending else self.column, self._tie)

    @property
    def _tie(self) -> str:
        return "-id" if self.column == "updated_at" and not self.descending else "id"

    def key(self, ticket: Ticket) -> str:
        """Where the row stands: `<instant>_<id>`, the cursor of the page after it."""
        value = getattr(ticket, self.column)
        return f"{value.isoformat() if value else ''}_{ticket.pk}"

    def after(self, key: str) -> list[Q]:
        """Conditions for the rows behind this cursor, one list for each stretch to read; [] for a cursor that makes no sense."""
        instant, _sep, row = key.partition("_")
        try:
            row_id, at = UUID(row), parse_datetime(instant) if instant else None
        except ValueError:
            return []
        if instant and at is None:
            return []
        tie = Q(id__lt=row_id) if self._tie == "-id" else Q(id__gt=row_id)
        empty = Q(**{f"{self.column}__isnull": True})
        if at is None:
            return [empty & tie]
        beyond, up_to = ("lt", "lte") if self.descending else ("gt", "gte")
        ahead = Q(**{f"{self.column}__{up_to}": at}) & (Q(**{f"{self.column}__{beyond}": at}) | tie)
        return [ahead, empty]


SORTS = (
    Sort("sla", _("SLA"), "due_at"),
    Sort("newest", _("Newest"), "created_at", descending=True),
    Sort("oldest", _("Oldest update"), "updated_at"),
)
LONGEST = Sort("longest", _("Waiting longest"), "created_at")
RECENT = Sort("recent", _("Last update"), "updated_at", descending=True)
WAKING = Sort("waking", _("Wakes next"), "snoozed_until")


@dataclass(frozen=True)
class View:
    """A named choice of tickets. `rows` narrows what the viewer may see anyway."""

    slug: str
    label: str | Promise
    icon: str
    rows: Callable[[TicketQuerySet, User], TicketQuerySet]
    sorts: tuple[Sort, ...] = SORTS
    tone: str = ""
    queue: Queue | None = None
    count: int | None = field(default=None, compare=False)

    def tickets(self, viewer: User) -> TicketQuerySet:
        return self.rows(Ticket.objects.visible_to(viewer), viewer)

    def sort(self, slug: str) -> Sort:
        return next((sort for sort in self.sorts if sort.slug == slug), self.sorts[0])


def _ours(tickets: TicketQuerySet, _viewer: User) -> TicketQuerySet:
    return tickets.active().awake()


def _solved(tickets: TicketQuerySet, _viewer: User) -> TicketQuerySet:
    return tickets.filter(status__in=Ticket.DONE, merged_into=None)  # what was merged goes on elsewhere


def _escalated(tickets: TicketQuerySet, _viewer: User) -> TicketQuerySet:
    return tickets.active().awake().filter(pk__in=Escalation.objects.open().order_by().values("ticket"))


def _chats(tickets: TicketQuerySet, _viewer: User) -> TicketQuerySet:
    """Somebody waits in a chat, or talks with one of us."""
    states = [Q(metadata__contains={conversing.MARK: {"state": state}}) for state in (conversing.WAITING, conversing.WITH_AGENT)]
    return tickets.active().filter(states[0] | states[1])


VIEWS = (
    View("mine", _("My open"), "user", lambda t, me: t.active().awake().filter(assignee=me).exclude(status=Ticket.Status.PENDING)),
    View("at-risk", _("SLA at risk"), "flame", lambda t, _me: t.waiting_for_us().awake().at_risk(), tone="bad"),
    View("unassigned", _("Unassigned"), "circle-dashed", lambda t, _me: t.active().awake().unassigned()),
    View(
        "waiting", _("Waiting on customer"), "hourglass", lambda t, _me: t.filter(status=Ticket.Status.PENDING), sorts=(SORTS[2], SORTS[1])
    ),
    View("snoozed", _("Snoozed"), "alarm-clock", lambda t, _me: t.active().snoozed(), sorts=(WAKING,)),
    View("all", _("All open"), "layers", _ours),
    View("chats", _("Chats"), "message-circle", _chats, sorts=(LONGEST,)),
    View("escalated", _("Escalated"), "siren", _escalated),
    View("solved", _("Solved recently"), "circle-check", _solved, sorts=(RECENT,)),
)
UNCOUNTED = ("solved",)


def team_view(queue: Queue) -> View:
    return View(f"{TEAM}{queue.slug}", queue.name, queue.icon, lambda t, _me: t.active().awake().filter(queue=queue), queue=queue)


@dataclass(frozen=True)
class Group:
    """A stretch of a list sorted by SLA; `until` is the instant at which it ends (None: everything behind)."""

    slug: str
    label: str | Promise
    tone: str
    icon: str
    until: datetime | None


def groups(now: datetime | None = None) -> tuple[Group, ...]:
    now = now or timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    soon = now + sla.AT_RISK
    return (
        Group("soon", _("Overdue or due within 30 min"), "bad", "flame", soon),
        Group("today", _("Due today"), "", "", max(midnight, soon)),
        Group("later", _("Later"), "", "", None),
    )


def group_of(ticket: Ticket, stretches: Sequence[Group]) -> Group:
    return next((g for g in stretches if g.until is not None and ticket.due_at is not None and ticket.due_at <= g.until), stretches[-1])


@dataclass
class Row:
    """One ticket of a list, ready for `tickets/row.html`."""

    ticket: Ticket
    key: str
    group: str
    unread: bool
    flags: Sequence[Flag] = ()


@dataclass
class Page:
    view: View
    sort: Sort
    rows: list[Row]
    next: str = ""  # cursor of the page behind this one; "" at the end
    groups: list[tuple[Group, list[Row], str]] = field(default_factory=list)  # with the number to show


class BoundedCount(Subquery):
    """How many rows a (sliced) queryset has, as one column of another query."""

    template = "(SELECT count(*) FROM (%(subquery)s) bounded)"
    output_field = IntegerField()


def _bounded(tickets: QuerySet[Any]) -> BoundedCount:
    return BoundedCount(tickets.order_by().values("pk")[:MOST_COUNTED])


def shown(count: int | None) -> str:
    """The number as the screen says it: "", "14", "999+"."""
    return "" if count is None else f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)


@dataclass
class Rail:
    """The viewer's views and teams with their numbers, and the number of the newest event (for replay)."""

    views: list[View]
    teams: list[View]
    n: int = 0
    incidents: int = 0  # open ones
    escalations: int = 0  # open ones
    groups: dict[str, int] = field(default_factory=dict)

    def find(self, slug: str) -> View | None:
        return next((view for view in (*self.views, *self.teams) if view.slug == slug), None)


def rail(viewer: User, current: str = "") -> Rail:
    """Everything beside the list, in two queries. `current` names the view whose groups are counted too."""
    inside = Ticket.objects.active().awake().filter(queue=OuterRef("pk"))
    queues = list(Queue.objects.visible_to(viewer).annotate(open=_bounded(inside)))
    teams = [_counted(team_view(queue), queue.open) for queue in queues]
    known = {view.slug: view for view in (*VIEWS, *teams)}
    columns: dict[str, Any] = {f"view_{i}": _bounded(view.tickets(viewer)) for i, view in enumerate(VIEWS) if view.slug not in UNCOUNTED}
    if (view := known.get(current)) and view.sorts is SORTS:
        for group in groups():
            if group.until is not None:
                columns[f"group_{group.slug}"] = _bounded(view.tickets(viewer).filter(due_at__lte=group.until))
    columns["newest"] = Subquery(Event.objects.order_by("-id").values("id")[:1])
    columns["incidents"] = _bounded(Incident.objects.visible_to(viewer).open())
    columns["escalations"] = _bounded(Escalation.objects.visible_to(viewer).open())
    row = User.objects.filter(pk=viewer.pk).annotate(**columns).values(*columns).get()
    views = [_counted(view, row.get(f"view_{i}")) for i, view in enumerate(VIEWS)]
    counted = {key.removeprefix("group_"): value for key, value in row.items() if key.startswith("group_")}
    return Rail(views, teams, row["newest"] or 0, row["incidents"], row["escalations"], counted)


def _counted(view: View, count: int | None) -> View:
    return View(view.slug, view.label, view.icon, view.rows, view.sorts, view.tone, view.queue, count)


def page(viewer: User, view: View, sort: Sort, *, after: str = "", counts: Rail | None = None) -> Page:
    """One page of a view. Two queries: the rows, and what other apps flag on them."""
    stretches = sort.after(after) if after else []
    tickets = _read(viewer, sort.apply(view.tickets(viewer)), stretches)
    more, tickets = len(tickets) > PAGE, tickets[:PAGE]
    rows = rows_of(tickets, sort, viewer)
    result = Page(view, sort, rows, sort.key(tickets[-1]) if more else "")
    result.groups = _grouped(result, counts) if sort.column == "due_at" else []
    return result


def _read(viewer: User, tickets: TicketQuerySet, stretches: list[Q]) -> list[Ticket]:
    found: list[Ticket] = []
    for condition in stretches or [Q()]:
        if len(found) <= PAGE:
            found += for_rows(tickets.filter(condition), viewer)[: PAGE + 1 - len(found)]
    return found


def for_rows(tickets: QuerySet[Ticket], viewer: User) -> QuerySet[Ticket]:
    """With people, whether the viewer has read the customer's last words, whether they only read along, and the open escalation."""
    read = TicketRead.objects.filter(user=viewer, ticket=OuterRef("pk"), read_at__gte=OuterRef("last_customer_message_at"))
    points = ContactPoint.objects.filter(customer=OuterRef("customer"), kind=ContactPoint.Kind.EMAIL).order_by("-primary", "created_at")
    people = escalation.with_open(tickets).select_related("customer", "organisation", "queue", "assignee")
    along = Ticket.objects.read_along_by(viewer).filter(pk=OuterRef("pk"))
    return people.annotate(is_read=Exists(read), reads_along=Exists(along), email=Subquery(points.values("value")[:1]))


def rows_of(tickets: Sequence[Ticket], sort: Sort, viewer: User) -> list[Row]:
    stretches = groups()
    flags = flags_of([ticket.pk for ticket in tickets])
    return [
        Row(
            ticket,
            sort.key(ticket),
            group_of(ticket, stretches).slug if sort.column == "due_at" else "rest",
            bool(ticket.last_customer_message_at and not ticket.is_read and ticket.is_active),  # type: ignore[attr-defined]
            flags.get(ticket.pk, ()),
        )
        for ticket in tickets
    ]


def _grouped(result: Page, counts: Rail | None) -> list[tuple[Group, list[Row], str]]:
    parts = []
    before = 0
    for group in groups():
        rows = [row for row in result.rows if row.group == group.slug]
        up_to = result.view.count if group.until is None else (counts.groups.get(group.slug) if counts else None)
        number = "" if up_to is None or up_to >= MOST_COUNTED else str(max(up_to - before, len(rows)))
        before = up_to or 0
        parts.append((group, rows, number))
    return parts
