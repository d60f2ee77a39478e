"""Two tickets of one customer about one matter become one, and can become two again for thirty days.

What was said moves to the kept ticket, with its files; people in copy and labels are added to it. The merged one is closed, and what
comes for it later (a mail's reply, a tracking link) finds the kept one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import ApiKey, User
from tickets.models import Message, Participant, SearchEntry, Ticket, TicketMerge

UNDO = timedelta(days=30)


@dataclass(frozen=True)
class Preview:
    """What a merge would do."""

    messages: int
    newest: Message | None
    people: list[str]  # addresses that would be in copy
    tags: list[str]


def preview(kept: Ticket, merged: Ticket) -> Preview:
    """Look before the leap; changes nothing. Raises Conflict or Invalid as `merge` does."""
    _check(kept, merged)
    newest = merged.messages.from_customer().in_order().last()
    return Preview(merged.messages.count(), newest, [one.address for one in _newcomers(kept, merged)], _new_tags(kept, merged))


def merge(*, kept: Ticket, merged: Ticket, by: User | ApiKey) -> TicketMerge:
    """Make one of two. Raises Invalid for one and the same, Conflict for two customers, a merged ticket or a solved one to keep."""
    with transaction.atomic():
        kept, merged = _locked(kept.pk, merged.pk)
        for one in (kept, merged):
            one.allow(by)
        _check(kept, merged)
        moved = list(merged.messages.values_list("pk", flat=True))
        _move(moved, kept)
        people = _newcomers(kept, merged)
        tags = _new_tags(kept, merged)
        Participant.objects.bulk_create(people)
        for name in tags:
            kept.tag(name, by=by)
        done = TicketMerge.objects.create(
            kept=kept,
            merged=merged,
            messages=[str(pk) for pk in moved],
            participants=[str(person.pk) for person in people],
            tags=tags,
            status=merged.status,
            by=by if isinstance(by, User) else None,
        )
        _follow(kept)
        merged.merged_into = kept
        merged.touch("merged_into")
        merged.record("ticket.merged", by=by, other=kept.number, into=True)
        kept.record("ticket.merged", by=by, other=merged.number, into=False)
        merged.set_status(Ticket.Status.CLOSED, by=by, reason=f"merged into {kept.number}")
    return done


def undo(done: TicketMerge, *, by: User | ApiKey) -> None:
    """Make two of one again; what was said since stays with the kept one. Raises NotAllowed; Conflict when it is too late or was done."""
    with transaction.atomic():
        done = TicketMerge.objects.select_for_update().get(pk=done.pk)
        if done.undone_at:
            raise Conflict(_("This merge was undone already."))
        if timezone.now() - done.at > UNDO:
            raise Conflict(_("A merge can be undone for 30 days."))
        kept, merged = _locked(done.kept_id, done.merged_id)
        for one in (kept, merged):
            one.allow(by)
        still = Message.objects.filter(pk__in=done.messages, ticket=kept)
        _move(list(still.values_list("pk", flat=True)), merged)
        Participant.objects.filter(pk__in=done.participants, ticket=kept).delete()
        for name in done.tags:
            kept.untag(name, by=by)
        _follow(kept)
        merged.merged_into = None
        merged.touch("merged_into")
        merged.set_status(done.status, by=by, reason=f"no longer merged into {kept.number}")
        done.undone_at = timezone.now()
        done.save(update_fields=["undone_at"])
        for ticket, other in ((merged, kept), (kept, merged)):
            ticket.record("ticket.merge_undone", by=by, other=other.number)


def undoable(merged: Ticket) -> TicketMerge | None:
    """The merge by which this ticket became part of another, while it can be undone."""
    return TicketMerge.objects.filter(merged=merged, undone_at=None, at__gt=timezone.now() - UNDO).first()


def survivor(ticket: Ticket) -> Ticket:
    """The ticket that goes on: itself, or the one that it became part of. A merged one takes no other in, so the way is short."""
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket


def _check(kept: Ticket, merged: Ticket) -> None:
    if kept.pk == merged.pk:
        raise Invalid(_("This is the same ticket."))
    if kept.merged_into_id or merged.merged_into_id:
        raise Conflict(_("One of them was merged already."))
    if kept.customer_id != merged.customer_id:
        raise Conflict(_("They are of two customers: what one wrote would be shown to the other."))
    if not kept.is_active:
        raise Conflict(_("The ticket to keep is solved. Reopen it first."))


def _locked(one: UUID, other: UUID) -> tuple[Ticket, Ticket]:
    """Both, held in one order whoever asks."""
    rows = {row.pk: row for row in Ticket.objects.select_for_update(of=("self",)).filter(pk__in=(one, other)).order_by("pk")}
    return rows[one], rows[other]


def _move(messages: list[UUID], to: Ticket) -> None:
    Message.objects.filter(pk__in=messages).update(ticket=to)
    SearchEntry.objects.filter(message__in=messages).update(ticket=to)


def _newcomers(kept: Ticket, merged: Ticket) -> list[Participant]:
    known = set(kept.participants.values_list("address", flat=True))
    coming = merged.participants.filter(removed_at=None).exclude(role=Participant.Role.SUGGESTED).exclude(address__in=known)
    return [Participant(ticket=kept, customer_id=one.customer_id, address=one.address, role=Participant.Role.CC) for one in coming]


def _new_tags(kept: Ticket, merged: Ticket) -> list[str]:
    known = set(kept.tags.values_list("name", flat=True))
    return [name for name in merged.tags.order_by("name").values_list("name", flat=True) if name not in known]


def _follow(ticket: Ticket) -> None:
    """The instants of the last words, by what is there now: clocks and unread marks rest on them."""
    said = ticket.messages.public().filter(automatic=False)
    last = {
        "last_customer_message_at": Message.AuthorKind.CUSTOMER,
        "last_agent_message_at": Message.AuthorKind.AGENT,
    }
    for name, kind in last.items():
        setattr(ticket, name, said.filter(author_kind=kind).order_by("-created_at").values_list("created_at", flat=True).first())
    ticket.touch(*last)
