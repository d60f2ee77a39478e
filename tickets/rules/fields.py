"""What conditions may ask about: each field with its kind, its choices, and where PostgreSQL finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from helpdesk.core.kinds import KINDS
from helpdesk.core.models import User
from knowledge.models import Category
from tickets.models import BusinessHours, Queue, Ticket

Label = str | Promise

OPS: dict[str, dict[str, Label]] = {
    "choice": {"is": _("is"), "is_not": _("is not")},
    "ref": {"is": _("is"), "is_not": _("is not")},
    "set": {"has": _("is"), "has_not": _("is not")},
    "words": {"contains": _("contains any of"), "contains_not": _("contains none of")},
    "number": {"at_least": _("is at least"), "at_most": _("is at most")},
    "since": {"more_than": _("more than … hours ago"), "less_than": _("less than … hours ago")},
    "until": {"less_than": _("in less than … hours"), "more_than": _("in more than … hours")},
    "flag": {"is": _("is")},
    "hours": {"inside": _("is inside"), "outside": _("is outside")},
}
YES_NO = (("yes", _("yes")), ("no", _("no")))
DAYS = (
    ("mon", _("Monday")),
    ("tue", _("Tuesday")),
    ("wed", _("Wednesday")),
    ("thu", _("Thursday")),
    ("fri", _("Friday")),
    ("sat", _("Saturday")),
    ("sun", _("Sunday")),
)
ACTORS = (
    ("customer", _("the customer")),
    ("agent", _("a colleague")),
    ("api", _("a partner")),
    ("rule", _("a rule")),
    ("system", _("the system")),
)


@dataclass(frozen=True)
class Field:
    """`path` is the column as Django's lookups name it; "" for what only an event knows, or the clock."""

    name: str
    label: Label
    kind: str
    path: str = ""
    choices: Callable[[], Mapping[str, Label]] | None = None
    event_only: bool = False
    parts: int = 1  # 100: people write percent where the column holds a share

    @property
    def ops(self) -> dict[str, Label]:
        return OPS[self.kind]


def _from(pairs: Any) -> Callable[[], Mapping[str, Label]]:
    choices = dict(pairs)
    return lambda: choices


def queues() -> dict[str, Label]:
    return {str(pk): name for pk, name in Queue.objects.values_list("pk", "name")}


def agents() -> dict[str, Label]:
    return {str(pk): name for pk, name in User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")}


def categories() -> dict[str, Label]:
    return {str(pk): name for pk, name in Category.objects.values_list("pk", "name")}


def calendars() -> Mapping[str, Label]:
    own = {"": _("the hours of the ticket's SLA")}
    return {**own, **{str(pk): name for pk, name in BusinessHours.objects.values_list("pk", "name")}}


def _or_none(choices: Callable[[], dict[str, Label]], none: Label) -> Callable[[], Mapping[str, Label]]:
    return lambda: {"": none, **choices()}


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("status", _("status"), "choice", "status", _from(Ticket.Status.choices)),
        Field("priority", _("priority"), "choice", "priority", _from(Ticket.Priority.choices)),
        Field("queue", _("team"), "ref", "queue", queues),
        Field("assignee", _("assignee"), "ref", "assignee", _or_none(agents, _("nobody"))),
        Field("category", _("category"), "ref", "category", _or_none(categories, _("none"))),
        Field("tag", _("label"), "set"),
        Field("subject", _("subject"), "words", "subject"),
        Field("channel", _("channel"), "choice", "channel", _from(Ticket.Channel.choices)),
        Field("language", _("language"), "choice", "language"),
        Field("sentiment", _("mood"), "choice", "sentiment", _from(Ticket.Sentiment.choices)),
        Field("frustration", _("frustration (percent)"), "number", "frustration", parts=100),
        Field("tier", _("customer's plan"), "set", choices=_from((tier, tier) for tier in Customer.TIERS)),
        Field("organisation", _("customer's organisation"), "words", "customer__organisation__name"),
        Field("escalated", _("escalated"), "flag", choices=_from(YES_NO)),
        Field("snoozed", _("snoozed"), "flag", choices=_from(YES_NO)),
        Field("answered", _("answered once"), "flag", choices=_from(YES_NO)),
        Field("created", _("arrived"), "since", "created_at"),
        Field("status_since", _("status was set"), "since", "status_since"),
        Field("customer_wrote", _("customer wrote last"), "since", "last_customer_message_at"),
        Field("agent_wrote", _("we wrote last"), "since", "last_agent_message_at"),
        Field("updated", _("changed last"), "since", "updated_at"),
        Field("due", _("is due"), "until", "due_at"),
        Field("weekday", _("day of the week"), "choice", choices=_from(DAYS)),
        Field("hour", _("hour of the day (0–23)"), "number"),
        Field("business_hours", _("time"), "hours", "clocks__stretches__-1__hours", calendars),
        Field("message", _("words of the message"), "words", event_only=True),
        Field("message_channel", _("channel of the message"), "choice", choices=_from(Ticket.Channel.choices), event_only=True),
        Field("automatic", _("written by a machine"), "flag", choices=_from(YES_NO), event_only=True),
        Field("actor", _("done by"), "choice", choices=_from(ACTORS), event_only=True),
        Field("was_status", _("status before"), "choice", choices=_from(Ticket.Status.choices), event_only=True),
        Field("was_priority", _("priority before"), "choice", choices=_from(Ticket.Priority.choices), event_only=True),
        Field("rating", _("rating given"), "number", event_only=True),
    )
}

# What starts a rule: kind of event, in words. What a colleague's part records is offered once that part is there.
TRIGGERS: dict[str, Label] = {
    kind: label
    for kind, label in {
        "ticket.created": _("a ticket arrives"),
        "message.received": _("a customer writes"),
        "triage.completed": _("assist has read what a customer wrote"),
        "message.sent": _("an answer is sent"),
        "note.added": _("a note is added"),
        "ticket.status_changed": _("the status changes"),
        "ticket.priority_changed": _("the priority changes"),
        "ticket.queue_changed": _("the team changes"),
        "ticket.assigned": _("the assignee changes"),
        "ticket.category_changed": _("the category changes"),
        "ticket.tagged": _("a label is added"),
        "ticket.untagged": _("a label is removed"),
        "ticket.escalated": _("a ticket is escalated"),
        "escalation.timed_out": _("nobody acknowledged an escalation in time"),
        "ticket.linked": _("a ticket is linked to an incident"),
        "message.bounced": _("an answer comes back"),
        "sla.warned": _("a target is nearly missed"),
        "sla.breached": _("a target is missed"),
        "rating.given": _("a customer rates"),
    }.items()
    if kind in KINDS
}
