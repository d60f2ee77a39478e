"""One ticket as the workspace shows it: the ticket with its people, and what was said and done, in order.

Three queries whatever the length of the thread: the small lists (tags, participants, files, deliveries) come as JSON
inside the rows they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import ContactPoint
from helpdesk.core.models import Event, User
from tickets import merging
from tickets.models import Attachment, Delivery, Message, Participant, Queue, StatusLink, Tag, Ticket, TicketMerge, TicketRead

MOST_MESSAGES = 40  # newest ones; older ones are one link away
MOST_EVENTS = 100
MOST_LINKS = 20
FOLD_ABOVE = 2  # the newest messages stay open even when they are read
RICH = r"<(img|table|h[1-6]|ul|ol|pre|font|center|hr)[\s/>]|style="  # HTML that plain text would not do justice

DECIDED = ("ticket.category_changed", "ticket.priority_changed", "ticket.queue_changed", "ticket.escalated")  # what triage may do
SURE = re.compile(r"(\d{1,3})% sure")

TALKING = ("message.received", "message.sent", "note.added", "message.adopted")  # these are seen as messages
UNTOLD = ("action.shown",)  # no part of a ticket's story


@dataclass
class Item:
    """One line of the thread: a day, a message or an event."""

    kind: str  # day | message | event
    at: datetime
    day: date | None = None
    message: Message | None = None
    event: Event | None = None
    folded: bool = False
    text: str = ""
    icon: str = ""
    assisted: bool = False  # assist did it: shown in iris, with its reason
    why: str = ""


class Choice:
    """Someone or something to pick in a menu: id, name, and what it is shown by."""

    def __init__(self, pk: str, name: str, slug: str = "", icon: str = "") -> None:
        self.pk, self.name, self.slug, self.icon = UUID(pk), name, slug, icon


@dataclass
class Workspace:
    ticket: Ticket
    items: list[Item]
    agents: list[Choice]
    queues: list[Choice]
    newest: Message | None = None  # the last thing said to or by the customer: what an answer answers
    older: bool = False

    @cached_property
    def merge(self) -> TicketMerge | None:
        """By which it became part of another, while that can be undone."""
        return merging.undoable(self.ticket) if self.ticket.merged_into_id else None

    @property
    def email(self) -> str:
        return getattr(self.ticket, "email", "") or ""


def find(viewer: User, number: str) -> Ticket | None:
    """The ticket of that number, if the viewer may see it; with what its head and details show."""
    return for_screen(Ticket.objects.visible_to(viewer).filter(number=number.upper()), viewer).first()


def for_screen(tickets: QuerySet[Ticket], viewer: User) -> QuerySet[Ticket]:
    tags = Tag.objects.filter(tickets=OuterRef("pk")).order_by("name").values("name")
    people = Participant.objects.filter(ticket=OuterRef("pk"), removed_at__isnull=True).order_by("role", "address")
    points = ContactPoint.objects.filter(customer=OuterRef("customer"), kind=ContactPoint.Kind.EMAIL).order_by("-primary", "created_at")
    read = TicketRead.objects.filter(ticket=OuterRef("pk"), user=viewer)
    agents = User.objects.filter(is_active=True).order_by("name").values(json=JSONObject(pk="id", name="name"))
    queues = Queue.objects.order_by("position", "name").values(json=JSONObject(pk="id", name="name", slug="slug", icon="icon"))
    tied = StatusLink.objects.present().filter(ticket=OuterRef("pk"), incident__isnull=False).order_by("-created_at")
    incident = JSONObject(reference="incident__reference", title="incident__title", resolved="incident__resolved_at", why="why")
    return tickets.select_related("customer__organisation", "organisation", "queue", "assignee", "category", "merged_into").annotate(
        tag_names=ArraySubquery(tags),
        people=ArraySubquery(people.values(json=JSONObject(address="address", role="role"))),
        email=Subquery(points.values("value")[:1]),
        was_read_at=Subquery(read.values("read_at")[:1]),
        incidents=ArraySubquery(tied.values(json=incident)[:MOST_LINKS]),
        to_agents=ArraySubquery(agents),
        to_queues=ArraySubquery(queues),
        reads_along=Exists(Ticket.objects.read_along_by(viewer).filter(pk=OuterRef("pk"))),
    )


def workspace(ticket: Ticket, viewer: User, *, everything: bool = False) -> Workspace:
    """The thread and the people to choose from. `ticket` comes from `find`."""
    messages = list(_messages(ticket, None if everything else MOST_MESSAGES))
    items = _with_days(_merged(messages, events_of(ticket), _read_until(ticket)))
    public = [message for message in messages if not message.is_note]
    older = not everything and len(messages) == MOST_MESSAGES
    return Workspace(ticket, items, *_choices(ticket), newest=public[-1] if public else None, older=older)


def head(ticket: Ticket) -> Workspace:
    """The ticket with its menus, without its thread: what an action answers with."""
    return Workspace(ticket, [], *_choices(ticket))


def _choices(ticket: Ticket) -> tuple[list[Choice], list[Choice]]:
    return [Choice(**agent) for agent in ticket.to_agents], [Choice(**queue) for queue in ticket.to_queues]  # type: ignore[attr-defined]


def for_thread(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Messages without their HTML, which the frame fetches by itself."""
    files = Attachment.objects.filter(message=OuterRef("pk"), inline=False).order_by("created_at", "id")
    sent = Delivery.objects.filter(message=OuterRef("pk")).order_by("recipient")
    return messages.defer("body_html", "metadata").annotate(
        files=ArraySubquery(files.values(json=JSONObject(id="id", name="name", size="size", type="content_type", verdict="verdict"))),
        sendings=ArraySubquery(sent.values(json=JSONObject(recipient="recipient", state="state", error="error", attempts="attempts"))),
        rich=Case(
            When(Q(author_kind=Message.AuthorKind.CUSTOMER) & Q(body_html__iregex=RICH), then=Value(True)),
            When(Q(body_text="") & ~Q(body_html=""), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        ),
    )


def _messages(ticket: Ticket, most: int | None) -> list[Message]:
    messages = for_thread(Message.objects.filter(ticket=ticket)).order_by("-created_at", "-id")
    return list(messages if most is None else messages[:most])[::-1]


def events_of(ticket: Ticket) -> list[Event]:
    """What changed, oldest first; what was said stands there as a message already."""
    events = Event.objects.filter(ticket_ref=ticket.pk).exclude(kind__in=(*TALKING, *UNTOLD)).order_by("-id")[:MOST_EVENTS]
    return [event for event in reversed(events) if told(event)]


def _read_until(ticket: Ticket) -> datetime | None:
    return getattr(ticket, "was_read_at", None)


def _merged(messages: list[Message], events: list[Event], read: datetime | None) -> list[Item]:
    items = [message_item(message) for message in messages]
    for item in items[:-FOLD_ABOVE]:
        item.folded = bool(item.message and read and item.message.created_at <= read and not item.message.is_note)
    first = messages[0].created_at if messages else None
    items += [event_item(event) for event in events if first is None or event.occurred_at >= first]
    return sorted(items, key=lambda item: item.at)


def _with_days(items: Iterable[Item]) -> list[Item]:
    result: list[Item] = []
    today = None
    for item in items:
        day = timezone.localtime(item.at).date()
        if day != today:
            result.append(Item("day", item.at, day=day))
            today = day
        result.append(item)
    return result


def message_item(message: Message) -> Item:
    return Item("message", message.created_at, message=message)


def event_item(event: Event) -> Item:
    icon, text = told(event) or ("info", event.kind)
    if not by_assist(event):
        return Item("event", event.occurred_at, event=event, text=text, icon=icon)
    why = _reason(event)
    if event.kind == "ticket.category_changed" and (sure := SURE.fullmatch(why)):
        text = _("%(text)s, %(percent)s%% sure") % {"text": text, "percent": sure[1]}
    return Item("event", event.occurred_at, event=event, text=text, icon="sparkles", assisted=True, why=why)


def by_assist(event: Event) -> bool:
    """Did triage do it? It acts as the system, and nothing else in the system decides these."""
    return event.actor_kind == "assistant" or (event.actor_kind == "system" and event.kind in DECIDED)


def _reason(event: Event) -> str:
    return str(event.data.get("reason") or "; ".join(map(str, event.data.get("reasons") or ())))


SENTENCES: dict[str, tuple[str, Any]] = {
    "ticket.status_changed": ("circle-dot", gettext_lazy("set the status to %(new)s")),
    "ticket.priority_changed": ("flag", gettext_lazy("set the priority to %(new)s")),
    "ticket.category_changed": ("folder", gettext_lazy("set the category to %(new)s")),
    "ticket.queue_changed": ("forward", gettext_lazy("moved the ticket from %(old)s to %(new)s")),
    "ticket.subject_changed": ("pencil", gettext_lazy("changed the subject to “%(new)s”")),
    "ticket.customer_changed": ("circle-user", gettext_lazy("found out whose request it is: %(new)s")),
    "ticket.tagged": ("tag", gettext_lazy("added the label %(tag)s")),
    "macro.used": ("text-quote", gettext_lazy("used the macro “%(title)s”")),
    "ticket.untagged": ("tag", gettext_lazy("removed the label %(tag)s")),
    "rule.called": ("webhook", gettext_lazy("called the webhook “%(name)s”")),
    "ticket.escalated": ("siren", gettext_lazy("escalated to %(level)s")),
    "escalation.acknowledged": ("siren", gettext_lazy("looks after the escalation to %(level)s")),
    "escalation.reassigned": ("siren", gettext_lazy("gave the escalation to %(to)s")),
    "escalation.taken_back": ("undo-2", gettext_lazy("took the escalation back")),
    "escalation.handed_back": ("undo-2", gettext_lazy("handed the escalation back")),
    "escalation.timed_out": ("siren", gettext_lazy("told %(level)s: nobody acknowledged the escalation in time")),
    "sla.warned": ("alarm-clock", gettext_lazy("warned that little time is left: %(clock)s")),
    "sla.breached": ("flame", gettext_lazy("noted that a promise was not kept: %(clock)s")),
    "ticket.linked": ("siren", gettext_lazy("linked the ticket to %(reference)s")),
    "ticket.unlinked": ("siren", gettext_lazy("took the ticket off %(reference)s")),
    "chat.handed_over": ("message-circle", gettext_lazy("asked for a person in the chat")),
    "chat.joined": ("message-circle", gettext_lazy("joined the chat")),
    "chat.handed_back": ("message-circle", gettext_lazy("handed the chat back to the assistant")),
    "chat.ended": ("message-circle", gettext_lazy("ended the chat")),
    "ticket.merge_undone": ("undo-2", gettext_lazy("took the merge with %(other)s back")),
    "ticket.follow_up_planned": ("calendar", gettext_lazy("will ask the customer how it went")),
    "rating.given": ("star", gettext_lazy("rated this with %(score)s of 5")),
    "rating.asked": ("star", gettext_lazy("asked the customer how it went")),
    "message.withdrawn": ("undo-2", gettext_lazy("took a reply back before it left")),
    "note.removed": ("undo-2", gettext_lazy("took a note back")),
    "message.quarantined": ("shield-alert", gettext_lazy("wrote, but is not known in this ticket: kept apart in %(target)s")),
}

CLOCKS = {"first_reply": gettext_lazy("first reply"), "next_reply": gettext_lazy("next reply"), "resolve": gettext_lazy("solution")}


def told(event: Event) -> tuple[str, str] | None:
    """(icon, sentence) of an event; None for what need not be told. The sentence follows the actor's name."""
    if event.kind == "ticket.assigned":
        return "user-check", _assigned(event)
    if event.kind == "ticket.snoozed":
        return "alarm-clock", _snoozed(event.data.get("until"))
    if event.kind == "ticket.merged":
        return "merge", _merge(event)
    if event.kind not in SENTENCES:
        return None
    icon, sentence = SENTENCES[event.kind]
    return icon, sentence % _words(event)


def _words(event: Event) -> dict[str, str]:
    data = event.data
    return {
        "old": _shown(event.kind, data.get("old")),
        "new": _shown(event.kind, data.get("new")),
        "tag": data.get("tag", ""),
        "score": str(data.get("score", "")),
        "title": data.get("title", ""),
        "reference": data.get("reference", ""),
        "other": data.get("other", ""),
        "level": str(data.get("level", "")).replace("_", " "),
        "to": data.get("to", ""),
        "clock": str(CLOCKS.get(data.get("clock", ""), "")),
        "target": data.get("target") or _("an internal note"),
    }


def _merge(event: Event) -> str:
    sentence = _("merged the ticket into %(other)s") if event.data.get("into") else _("merged %(other)s into this ticket")
    return sentence % _words(event)


def _assigned(event: Event) -> str:
    change = _words(event)
    ids = {"old": event.data.get("old_id"), "new": event.data.get("new_id")}
    if ids["new"]:
        return _("took the ticket") if ids["new"] == event.actor_id else _("gave the ticket to %(new)s") % change
    return _("gave the ticket back") if ids["old"] == event.actor_id else _("took the ticket from %(old)s") % change


def _snoozed(until: str | None) -> str:
    if not until:
        return _("woke the ticket")
    return _("snoozed the ticket until %(time)s") % {"time": f"{timezone.localtime(datetime.fromisoformat(until)):%-d %b %H:%M}"}


def _shown(kind: str, value: Any) -> str:
    """A stored value in the words of the screen."""
    names: dict[str, Any] = {}
    if kind == "ticket.status_changed":
        names = dict(Ticket.Status.choices)
    elif kind == "ticket.priority_changed":
        names = dict(Ticket.Priority.choices)
    return str(names.get(str(value), value or _("none")))


def mark_read(ticket: Ticket, viewer: User) -> None:
    """Remember how far the viewer has read: one statement."""
    mark = TicketRead(user=viewer, ticket=ticket, read_at=timezone.now())
    TicketRead.objects.bulk_create([mark], update_conflicts=True, unique_fields=["user", "ticket"], update_fields=["read_at"])
