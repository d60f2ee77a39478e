"""What agents, and partners by the API, say to suggested actions: do it, no, take it back. Each word is an event, so that it is measured.

Pressed twice, a thing is done once. What was dismissed is not shown again until the customer writes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.models import Suggestion
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import User
from tickets.models import Message, Ticket

from .kinds import KINDS, Actor, Kind

REASONS = {
    "wrong": gettext_lazy("It is wrong"),
    "done": gettext_lazy("It is done already"),
    "later": gettext_lazy("Not now"),
    "other": gettext_lazy("Something else"),
}
KEPT = ("undo", "dismissed")  # of `details`, over runs of triage


def shown(actions: Iterable[Suggestion], *, by: User) -> None:
    """An agent has them before their eyes for the first time. Runs in the caller's transaction."""
    for one in actions:
        if one.source_kind in KINDS:
            record("action.shown", subject=one, by=by, ticket=one.ticket, suggestion=one.pk, action=one.source_kind)


def approve(suggestion: Suggestion, *, by: Actor) -> None:
    """Do it. Raises Invalid for a kind that nobody knows, and what the deed itself raises."""
    with _held(suggestion, by) as (row, ticket, kind):
        if row.agent_clicked:
            return
        row.details = {**row.details, "undo": kind.do(ticket, row, by)}
        row.details.pop("dismissed", None)
        row.agent_clicked = True
        row.save(update_fields=["agent_clicked", "details"])
        ticket.record("suggestion.used", subject=row, by=by, suggestion=row.pk)
        _tell("action.approved", row, by)


def dismiss(suggestion: Suggestion, *, by: Actor, reason: str) -> None:
    """Not for this state of the conversation. Raises Invalid for a reason that is none, Conflict when it was done."""
    if reason not in REASONS:
        raise Invalid(_("Say why: wrong, done, later or other."))
    with _held(suggestion, by) as (row, ticket, _kind):
        if row.agent_clicked:
            raise Conflict(_("It was done; take it back instead."))
        state = state_of(ticket)
        if (row.details.get("dismissed") or {}).get("state") == state:
            return
        row.details = {**row.details, "dismissed": {"state": state, "reason": reason, "by": str(by.pk)}}
        row.save(update_fields=["details"])
        _tell("action.dismissed", row, by, reason=reason)


def undo(suggestion: Suggestion, *, by: Actor) -> None:
    """Take it back. Raises Conflict when somebody has changed since what it did, or when it was not done."""
    with _held(suggestion, by) as (row, ticket, kind):
        if not row.agent_clicked or "undo" not in row.details:
            raise Conflict(_("There is nothing to take back."))
        if not kind.undo(ticket, row.details["undo"], by):
            raise Conflict(_("Somebody has changed this since; it stays as it is."))
        row.details = {key: value for key, value in row.details.items() if key != "undo"}
        row.agent_clicked = False
        row.save(update_fields=["agent_clicked", "details"])
        _tell("action.undone", row, by)


def state_of(ticket: Ticket) -> str:
    """The customer's last word: what a suggestion answers."""
    said = Message.objects.from_customer().public().filter(ticket=ticket).order_by("-created_at", "-id")
    return str(said.values_list("pk", flat=True).first() or "")


def is_dismissed(suggestion: Suggestion, state: str) -> bool:
    return (suggestion.details.get("dismissed") or {}).get("state") == state


@contextmanager
def _held(suggestion: Suggestion, by: Actor) -> Iterator[tuple[Suggestion, Ticket, Kind]]:
    """The suggestion and its ticket, held: two who press at once are one after the other. Raises NotAllowed for who only reads along."""
    kind = KINDS.get(suggestion.source_kind)
    if kind is None or suggestion.ticket_id is None or suggestion.suggestion_type != Suggestion.Type.ACTION:
        raise Invalid(_("Nobody knows how to do this."))
    with transaction.atomic():
        tickets = Ticket.objects.all() if kind.holds_itself else Ticket.objects.select_for_update(of=("self",))
        ticket = tickets.get(pk=suggestion.ticket_id)
        ticket.allow(by)
        row = Suggestion.objects.select_for_update(of=("self",)).get(pk=suggestion.pk)
        row.ticket = ticket
        yield row, ticket, kind


def _tell(kind: str, row: Suggestion, by: Actor, **more: Any) -> None:
    record(kind, subject=row, by=by, ticket=row.ticket, suggestion=row.pk, action=row.source_kind, **more)
