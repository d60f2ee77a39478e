"""The life of an escalation: raised by a person, a rule or triage; acknowledged, or climbing when nobody does; given over, handed back.

Every step is an event of the ticket, so its history is the ticket's. Whether one is open, lists, figures and
partners read from its row; `Ticket.metadata["escalation"]` marks that one was decided, for rules and triage, and keeps its briefing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.events import hint
from helpdesk.core.models import ApiKey, Event, User
from tickets.models import Escalation, EscalationLevel, Ticket
from tickets.models.escalation import STANDARD

LONGEST_REASON = 500
AT_ONCE = 200
State = Escalation.State


def escalate(ticket: Ticket, *, level: str, reason: str, by: User | ApiKey) -> Escalation:
    """A person or a partner says that others must see it. An open one moves to the new level. Raises Invalid, Conflict, NotAllowed."""
    reason = reason.replace("\x00", "").strip()[:LONGEST_REASON]
    if level not in STANDARD:
        raise Invalid(_("There is no such level"))
    if not reason:
        raise Invalid(_("Say why"))
    with transaction.atomic():
        ticket.refresh_from_db(from_queryset=Ticket.objects.select_for_update(of=("self",)))
        ticket.allow(by)
        if not ticket.is_active:
            raise Conflict(_("A solved ticket cannot be escalated"))
        ticket.metadata = {**ticket.metadata, "escalation": {"level": level, "also": [], "reasons": [reason], "briefing": []}}
        ticket.touch("metadata")
        event = ticket.record("ticket.escalated", by=by, level=level, reasons=[reason])
        return _raise(ticket, level, [reason], str(by), event.pk)


def heard(event: Event) -> None:
    """A rule or triage escalated a ticket: it stands in the queue. What a person escalated stands there already."""
    if event.actor_kind in ("agent", "api") or Escalation.objects.filter(event_ref=event.pk).exists():
        return
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).filter(pk=event.ticket_ref).first() if event.ticket_ref else None
        if ticket is None or not ticket.is_active or _taken_back_since(event):
            return
        present = Escalation.objects.open().filter(ticket=ticket).first()
        if present is not None and present.by_name and event.actor_kind == "system":
            _as_people_said(ticket, present)
            return
        by = event.actor_name if event.actor_kind != "system" else ""
        _raise(ticket, str(event.data.get("level") or "supervisor"), list(event.data.get("reasons") or ()), by, event.pk)
        ticket.touch()  # partners read it with the ticket
        hint(event, ticket.audience)  # lists of escalated ones, which heard of the event before this


def _taken_back_since(event: Event) -> bool:
    """Whoever raised it was quicker to take it back than the queue was to hear of it."""
    return Event.objects.filter(ticket_ref=event.ticket_ref, kind="escalation.taken_back", pk__gt=event.pk).exists()


def _as_people_said(ticket: Ticket, present: Escalation) -> None:
    """Triage read the ticket after somebody had escalated it: its briefing is welcome, level and reasons stay theirs."""
    told = ticket.metadata.get("escalation") or {}
    ticket.metadata = {**ticket.metadata, "escalation": {**told, "level": present.level, "reasons": present.reasons}}
    ticket.touch("metadata")


def _raise(ticket: Ticket, level: str, reasons: list[str], by: str, event: int) -> Escalation:
    found = Escalation.objects.open().filter(ticket=ticket).first() or Escalation(ticket=ticket, before=ticket.assignee)
    found.level, found.reasons, found.by_name, found.event_ref = level, reasons, by[:150], event
    found.state, found.acknowledged_at, found.due_at = State.WAITING, None, EscalationLevel.of(level).due_at()
    found.save()
    return found


def acknowledge(escalation: Escalation, *, by: User) -> None:
    """Somebody looks after it: the timer stops. Raises Conflict when it is over."""
    with _held(escalation) as (one, ticket):
        if one.state == State.ACKNOWLEDGED and one.owner_id == by.pk:
            return
        one.state, one.owner, one.acknowledged_at, one.due_at = State.ACKNOWLEDGED, by, timezone.now(), None
        one.save()
        ticket.touch()
        ticket.record("escalation.acknowledged", by=by, level=one.level)


def give(escalation: Escalation, *, to: User, by: User) -> None:
    """Another colleague looks after it; the ticket becomes theirs. Raises Conflict when it is over or they have left."""
    with _held(escalation) as (one, ticket):
        one.state, one.owner, one.acknowledged_at, one.due_at = State.ACKNOWLEDGED, to, one.acknowledged_at or timezone.now(), None
        one.save()
        ticket.touch()
        ticket.record("escalation.reassigned", by=by, level=one.level, to=str(to))
        ticket.assign(to=to, by=by)


def hand_back(escalation: Escalation, *, by: User | ApiKey, note: str = "") -> None:
    """It goes on where it came from: with whom had the ticket before, if anybody had."""
    with _held(escalation) as (one, ticket):
        _close(one, State.HANDED_BACK)
        ticket.metadata = {key: value for key, value in ticket.metadata.items() if key != "escalation"}
        ticket.touch("metadata")
        ticket.record("escalation.handed_back", by=by, level=one.level, reason=note.replace("\x00", "").strip()[:LONGEST_REASON])
        if one.before and one.before.is_active:
            ticket.assign(to=one.before, by=by)


def take_back(ticket: Ticket, *, level: str, reason: str) -> bool:
    """What a machine escalated is as if it had not been. False, and nothing done, where somebody has acted on it since.

    For a ticket that the caller holds locked. It may not stand in the queue yet: `heard` then leaves it out.
    """
    present = Escalation.objects.open().filter(ticket=ticket).first()
    told = ticket.metadata.get("escalation") or {}
    if not told or (told.get("level") != level and not (present and present.climbed)):
        return False
    if present is not None and (present.owner_id or _raised_by_people(present)):
        return False
    ticket.metadata = {key: value for key, value in ticket.metadata.items() if key != "escalation"}
    ticket.touch("metadata")
    if present is not None:
        _close(present, State.TAKEN_BACK)
    ticket.record("escalation.taken_back", level=level, reason=reason)
    return True


def _raised_by_people(one: Escalation) -> bool:
    return one.event_ref is not None and Event.objects.filter(pk=one.event_ref, actor_kind__in=("agent", "api")).exists()


def solved(ticket_id: UUID) -> None:
    """Its ticket is done: nobody has to look any more."""
    if not Ticket.objects.filter(pk=ticket_id, status__in=Ticket.DONE).exists():
        return
    now = timezone.now()
    Escalation.objects.open().filter(ticket=ticket_id).update(state=State.DONE, closed_at=now, due_at=None)


def climb(now: datetime | None = None) -> int:
    """What nobody acknowledged in time goes to the next level, each once; returns how many."""
    due = Escalation.objects.filter(state=State.WAITING, due_at__lte=now or timezone.now()).values_list("ticket_id", flat=True)
    return sum(_climb(ticket_id, now or timezone.now()) for ticket_id in list(due[:AT_ONCE]))


def _climb(ticket_id: UUID, now: datetime) -> bool:
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=ticket_id).first()
        one = Escalation.objects.filter(ticket=ticket_id, state=State.WAITING, due_at__lte=now).first() if ticket else None
        if ticket is None or one is None:
            return False
        old, then = one.level, EscalationLevel.of(one.level).then
        one.level, one.climbed = then or old, one.climbed + 1
        one.due_at = EscalationLevel.of(then).due_at() if then and then != old else None  # nobody stands above: it stays overdue
        one.save()
        told = {**(ticket.metadata.get("escalation") or {}), "level": one.level}
        ticket.metadata = {**ticket.metadata, "escalation": told}
        ticket.touch("metadata")
        ticket.record("escalation.timed_out", level=one.level, old=old)
        return True


@contextmanager
def _held(escalation: Escalation) -> Iterator[tuple[Escalation, Ticket]]:
    """The escalation and its ticket, locked, ticket first. Raises Conflict when the escalation is over."""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=escalation.ticket_id)
        one = Escalation.objects.select_related("before").get(pk=escalation.pk)
        if one.state not in Escalation.OPEN:
            raise Conflict(_("This escalation is over"))
        yield one, ticket


def _close(one: Escalation, state: str) -> None:
    one.state, one.closed_at, one.due_at = state, timezone.now(), None
    one.save()
