"""What a rule does: what it would change (pure, for the dry run), and doing it. One action failing leaves the others standing.

Actions are data: [{"do": "priority", "value": "high", "text": ""}], done in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User, Webhook
from tickets.models import Message, Notice, Queue, Rule, Tag, Ticket
from tickets.notices import telling

from . import speaking, texts
from .conditions import MOST_HOURS, number
from .fields import FIELDS

MOST, LONGEST = 15, 10_000  # actions of one rule; characters of a note or reply
LONGEST_NOTICE = 300
LEVELS = ("senior_support", "technical_specialist", "legal", "security", "supervisor")  # contract, section 4


@dataclass(frozen=True)
class Kind:
    """A thing that rules can do. `value` and `text` say what it needs; `starts` is the kind of event that it makes."""

    name: str
    label: str | Promise
    value: str = ""  # choice | label | hours | level | who | webhook
    text: str | Promise = ""  # label of the text it takes; "" for none
    field: str = ""  # the field of conditions that it sets
    starts: str = ""


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("status", gettext_lazy("set the status to"), "choice", field="status", starts="ticket.status_changed"),
        Kind("priority", gettext_lazy("set the priority to"), "choice", field="priority", starts="ticket.priority_changed"),
        Kind("queue", gettext_lazy("move to the team"), "choice", field="queue", starts="ticket.queue_changed"),
        Kind("assignee", gettext_lazy("assign to"), "choice", field="assignee", starts="ticket.assigned"),
        Kind("tag", gettext_lazy("add the label"), "label", field="tag", starts="ticket.tagged"),
        Kind("untag", gettext_lazy("remove the label"), "label", field="tag", starts="ticket.untagged"),
        Kind("snooze", gettext_lazy("snooze for (hours)"), "hours", field="snoozed", starts="ticket.snoozed"),
        Kind("escalate", gettext_lazy("escalate to"), "level", gettext_lazy("Reason"), "escalated", "ticket.escalated"),
        Kind("note", gettext_lazy("add an internal note"), "", gettext_lazy("Note"), starts="note.added"),
        Kind("reply", gettext_lazy("write to the customer"), "", gettext_lazy("Message"), starts="message.sent"),
        Kind("webhook", gettext_lazy("call the webhook"), "webhook"),
        Kind("notify", gettext_lazy("tell"), "who", gettext_lazy("What they read")),
    )
}
WHO = {
    "assignee": gettext_lazy("the assignee"),
    "queue": gettext_lazy("everybody in the team"),
    "supervisors": gettext_lazy("the supervisors"),
}


@dataclass
class Done:
    """What came of a rule's actions."""

    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def perform(rule: Rule, ticket: Ticket, *, answers: Message | None, source: str) -> Done:
    """Do all of it to a ticket that the caller holds locked. `source` names this firing, so that nobody is told of it twice."""
    before, done = state(ticket), Done()
    for action in rule.actions:
        try:
            with transaction.atomic():
                if remark := _DEEDS[action["do"]](
                    Deed(rule, ticket, str(action.get("value", "")), str(action.get("text", "")), answers, source)
                ):
                    done.remarks.append(remark)
        except HelpdeskError as refused:
            ticket.refresh_from_db()
            label = KINDS[action["do"]].label
            done.remarks.append(_("Left out, “%(action)s”: %(why)s") % {"action": label, "why": refused.detail})
    done.changes = difference(before, state(ticket))
    return done


# -- before and after ------------------------------------------------------------------------------------------

State = dict[str, tuple[Any, str]]


def state(ticket: Ticket) -> State:
    """{field: (value, as people read it)} of all that rules can change."""
    until = ticket.snoozed_until
    level = str((ticket.metadata.get("escalation") or {}).get("level") or "")
    names = sorted(ticket.tags.values_list("name", flat=True))
    return {
        "status": (ticket.status, str(ticket.get_status_display())),
        "priority": (ticket.priority, str(ticket.get_priority_display())),
        "queue": (str(ticket.queue_id), ticket.queue.name),
        "assignee": (str(ticket.assignee_id or ""), str(ticket.assignee or _("nobody"))),
        "tags": (names, ", ".join(names)),
        "snoozed_until": (until.isoformat() if until else "", f"{timezone.localtime(until):%-d %b %H:%M}" if until else ""),
        "escalation": (level, level.replace("_", " ")),
    }


def difference(before: State, after: State) -> dict[str, dict[str, Any]]:
    """{field: {"old", "new", "from", "to"}} of what is otherwise now."""
    return {
        name: {"old": old, "new": after[name][0], "from": shown, "to": after[name][1]}
        for name, (old, shown) in before.items()
        if after[name][0] != old
    }


def planned(rule: Rule, facts: Mapping[str, Any]) -> list[str]:
    """What the rule would do to a ticket of these facts, a line for each thing that would be otherwise. Pure."""
    lines, now = [], dict(facts)
    for action in rule.actions:
        kind, value = KINDS[action["do"]], str(action.get("value", ""))
        if kind.field in ("status", "priority", "queue", "assignee"):
            if now.get(kind.field) == value:
                continue
            now[kind.field] = value
        elif kind.name in ("tag", "untag") and (Tag.normal(value) in now.get("tag", ())) == (kind.name == "tag"):
            continue
        lines.append(said(action))
    return lines


def said(action: Mapping[str, Any], names: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """An action in words. `names`: choices by field, where the caller has them already."""
    kind, value = KINDS[action["do"]], str(action.get("value", ""))
    choices = (names or {}).get(kind.name) if names is not None else choices_of(kind.name)
    return f"{kind.label} {(choices or {}).get(value, value)}".strip()


def choices_of(name: str) -> dict[str, Any]:
    """What may stand as the value of an action; {} where it is free."""
    kind = KINDS[name]
    if kind.value == "choice":
        offered = FIELDS[kind.field].choices
        return dict(offered()) if offered else {}
    if kind.value == "level":
        return {level: level.replace("_", " ") for level in LEVELS}
    if kind.value == "webhook":
        return {str(pk): name for pk, name in Webhook.objects.values_list("pk", "name")}
    if kind.value == "who":
        return {**WHO, **dict(FIELDS["assignee"].choices().items())} if FIELDS["assignee"].choices else dict(WHO)
    return {}


def problems(actions: Any) -> list[str]:
    """What a person must mend before these actions can be kept; [] when all is well."""
    if not isinstance(actions, list) or not actions:
        return [_("Say what the rule does.")]
    if len(actions) > MOST:
        return [_("At most %(n)d actions.") % {"n": MOST}]
    return [problem for action in actions if (problem := _problem(action))]


def _problem(action: Any) -> str:  # noqa: PLR0911 - one remark a fault
    kind = KINDS.get(str(action.get("do"))) if isinstance(action, Mapping) else None
    if kind is None:
        return _("This action is not known: %(action)s") % {"action": str(action)[:120]}
    value, text, words = str(action.get("value") or ""), str(action.get("text") or ""), {"action": kind.label}
    choices = choices_of(kind.name)
    if kind.value in ("choice", "level", "who", "webhook") and (value not in choices or (kind.name == "notify" and not value)):
        return _("“%(action)s”: choose one.") % words
    if kind.value == "label" and not Tag.normal(value):
        return _("“%(action)s”: name it.") % words
    if kind.value == "hours" and not 0 < (number(value) or 0) <= MOST_HOURS:
        return _("“%(action)s” wants a number of hours, a year at the most.") % words
    if kind.text and kind.name != "escalate" and not text.strip():
        return _("“%(action)s”: write the text.") % words
    if len(text) > (LONGEST_NOTICE if kind.name in ("notify", "escalate") else LONGEST):
        return _("“%(action)s”: the text is too long.") % words
    return texts.problem(text)


# -- the deeds -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deed:
    rule: Rule
    ticket: Ticket
    value: str
    text: str
    answers: Message | None
    source: str

    @property
    def filled(self) -> str:
        return texts.filled(self.text, self.ticket)


def _status(deed: Deed) -> str:
    deed.ticket.set_status(deed.value, by=deed.rule, reason=deed.rule.name)
    return ""


def _priority(deed: Deed) -> str:
    deed.ticket.set_priority(deed.value, by=deed.rule, reason=deed.rule.name)
    return ""


def _queue(deed: Deed) -> str:
    queue = Queue.objects.filter(pk=deed.value).first()
    if queue is None:
        return _("Left out: this team is no more")
    deed.ticket.move(queue=queue, by=deed.rule, reason=deed.rule.name)
    return ""


def _assignee(deed: Deed) -> str:
    agent = User.objects.filter(pk=deed.value, is_active=True).first() if deed.value else None
    if deed.value and agent is None:
        return _("Left out: this colleague has left")
    deed.ticket.assign(to=agent, by=deed.rule)
    return ""


def _tag(deed: Deed) -> str:
    deed.ticket.tag(deed.value, by=deed.rule)
    return ""


def _untag(deed: Deed) -> str:
    deed.ticket.untag(deed.value, by=deed.rule)
    return ""


def _snooze(deed: Deed) -> str:
    deed.ticket.snooze(until=timezone.now() + timedelta(hours=number(deed.value) or 1), by=deed.rule)
    return ""


def _escalate(deed: Deed) -> str:
    ticket = deed.ticket
    if "escalation" in ticket.metadata:
        return _("Escalated before")
    reasons = [deed.filled or deed.rule.name]
    ticket.metadata = {**ticket.metadata, "escalation": {"level": deed.value, "also": [], "reasons": reasons, "briefing": []}}
    ticket.touch("metadata")
    ticket.record("ticket.escalated", by=deed.rule, level=deed.value, reasons=reasons)
    return ""


def _note(deed: Deed) -> str:
    speaking.note(deed.rule, deed.ticket, deed.filled)
    return _("Added a note")


def _reply(deed: Deed) -> str:
    return speaking.reply(deed.rule, deed.ticket, deed.filled, answers=deed.answers) or _("Wrote to the customer")


def _notify(deed: Deed) -> str:
    people = _people(deed)
    telling.tell(people, Notice.Kind.RULE, source=deed.source, ticket=deed.ticket, text=deed.text)
    return _("Told %(n)d") % {"n": len(people)}


def _people(deed: Deed) -> list[UUID]:
    ticket = deed.ticket
    if deed.value == "assignee":
        return [ticket.assignee_id] if ticket.assignee_id else []
    if deed.value == "queue":
        return list(User.objects.filter(is_active=True, memberships__queue=ticket.queue_id).values_list("pk", flat=True))
    if deed.value == "supervisors":
        oversee = (User.Role.SUPERVISOR, User.Role.ADMIN)
        return list(User.objects.filter(is_active=True, role__in=oversee).values_list("pk", flat=True))
    return list(User.objects.filter(is_active=True, pk=deed.value).values_list("pk", flat=True))


_DEEDS: dict[str, Callable[[Deed], str]] = {
    "status": _status,
    "priority": _priority,
    "queue": _queue,
    "assignee": _assignee,
    "tag": _tag,
    "untag": _untag,
    "snooze": _snooze,
    "escalate": _escalate,
    "note": _note,
    "reply": _reply,
    "notify": _notify,
    "webhook": lambda deed: speaking.call(deed.rule, deed.ticket, deed.value),
}
