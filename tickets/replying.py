"""The way out: an agent's reply or note becomes a message; replies wait ten seconds for second thoughts, then leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import ApiKey, Event, User
from helpdesk.core.tasks import send_quietly
from tickets import conversing, macros, tasks
from tickets.channels.base import InboundAttachment
from tickets.channels.charsets import clean_text
from tickets.channels.rendering import reply_html
from tickets.channels.threading import message_id, reply_token
from tickets.intake import attach
from tickets.models import Delivery, Message, Participant, ThreadReference, Ticket

UNDO = timedelta(seconds=10)
REQUESTER = Q(role=Participant.Role.REQUESTER, removed_at=None)
LONGEST = 100_000  # characters of one reply or note


class Superseded(Conflict):
    """Somebody wrote in this ticket while you were answering."""

    code = "superseded"


def reply(
    *,
    ticket: Ticket,
    by: User | ApiKey,
    text: str,
    status: str = "",
    cc: Sequence[str] | None = None,
    attachments: Sequence[InboundAttachment] = (),
    seen: Message | None = None,
    undo: timedelta = UNDO,
    take: bool = True,
    metadata: dict[str, Any] | None = None,
) -> Message:
    """Answer the customer. `status` is set afterwards (`pending`, `resolved`; empty: the ticket is open).

    `seen` is the newest message that the author had before their eyes: Superseded is raised when there is a newer public
    one. Whoever answers a ticket of nobody takes it, unless `take` says no. The mail leaves after `undo`; until then `withdraw`
    takes it back. Raises Invalid for an empty or huge text.

    In a chat the answer is on the customer's screen at once: nothing waits, and nothing can be taken back. A customer who has
    left gets a mail, if we know where to; else the answer waits in the chat.
    """
    text = _checked(text)
    with transaction.atomic():
        chat = conversing.entered(ticket, by)
        there = chat is not None and chat.is_there
        _lock_for_answer(ticket, seen, in_chat=there)
        ticket.allow(by)
        channel = Ticket.Channel.CHAT if there else deliverable_channel(ticket)
        about = {**(metadata or {}), "before": _as_it_was(ticket)}
        message = _write(ticket, by, text, visibility=Message.Visibility.PUBLIC, channel=channel, attachments=attachments, metadata=about)
        _address(message, cc, undo)
        if chat is not None:
            chat.carry(message)
        _answered(ticket, message)
        if take and ticket.assignee is None and isinstance(by, User):
            ticket.assign(to=by, by=by)
        ticket.record("message.sent", by=by, subject=message, channel=message.channel)
        ticket.set_status(status or Ticket.Status.OPEN, by=by)
    return message


def note(
    *, ticket: Ticket, by: User | ApiKey, text: str, attachments: Sequence[InboundAttachment] = (), metadata: dict[str, Any] | None = None
) -> Message:
    """Write an internal note. Customers never see it. Raises Invalid for an empty or huge text."""
    text = _checked(text)
    with transaction.atomic():
        ticket.refresh_from_db(from_queryset=Ticket.objects.select_for_update(of=("self",)))
        where = {"visibility": Message.Visibility.INTERNAL, "channel": deliverable_channel(ticket)}
        message = _write(ticket, by, text, **where, attachments=attachments, metadata=metadata or {})
        ticket.touch()
        ticket.record("note.added", by=by, subject=message)
    return message


def withdraw(message: Message, *, by: User) -> str:
    """Undo a reply that has not left yet. Returns its text for the composer; Conflict when it is too late."""
    with transaction.atomic():
        deliveries = list(message.deliveries.select_for_update())
        if not deliveries or any(d.state not in (Delivery.State.QUEUED, Delivery.State.NO_SERVER) or d.attempts for d in deliveries):
            raise Conflict(_("The reply has already left"))
        if message.user_id != by.pk:
            raise Conflict(_("Only the author can take a reply back"))
        message.refresh_from_db(fields=["metadata"], from_queryset=Message.objects.select_for_update(of=("self",)))  # uses counted since
        ticket, before, macros_done = message.ticket, message.metadata.get("before", {}), message.metadata.get("macros", [])
        if _customer_wrote_since(message):  # their words have opened the ticket: it stays so
            before = {**before, "status": ""}
        ticket.record("message.withdrawn", by=by, subject=message, channel=message.channel)
        text = message.body_text
        conversing.taken_back(message)
        message.delete()
        for done in reversed(macros_done):
            macros.take_back(ticket, done, by=by)
        _put_back(ticket, before, by)
    return text


def deliverable_channel(ticket: Ticket) -> str:
    """Replies go by e-mail wherever the customer has an address, or gave one for this ticket; phone and API tickets included."""
    known = ticket.channel == Ticket.Channel.EMAIL or ticket.customer.email
    return Ticket.Channel.EMAIL if known or ticket.participants.filter(REQUESTER).exists() else ticket.channel


def _checked(text: str) -> str:
    """The text without what no screen shows and no database keeps."""
    if not text.strip():
        raise Invalid(_("There is nothing to send yet"))
    if len(text) > LONGEST:
        raise Invalid(_("This text is too long: at most 100,000 characters"))
    return clean_text(text)


def _lock_for_answer(ticket: Ticket, seen: Message | None, *, in_chat: bool) -> None:
    """Raises what speaks against an answer. In a chat both sides write at once, and see it: only a colleague's words stop it there."""
    ticket.refresh_from_db(from_queryset=Ticket.objects.select_for_update(of=("self",)))
    if ticket.merged_into_id:
        raise Conflict(_("This ticket was merged into another. Answer there."))
    written = ticket.messages.public().exclude(author_kind=Message.AuthorKind.CUSTOMER) if in_chat else ticket.messages.public()
    newest = written.in_order().last()
    if seen is not None and newest is not None and newest.pk != seen.pk and newest.created_at > seen.created_at:
        raise Superseded(_("%(name)s wrote while you were answering") % {"name": newest.author_name}, message=str(newest.pk))


def _as_it_was(ticket: Ticket) -> dict[str, Any]:
    """What `withdraw` puts back."""
    return {"status": ticket.status, "first_response_at": _iso(ticket.first_response_at), "assignee": str(ticket.assignee_id or "")}


def _write(
    ticket: Ticket,
    by: User | ApiKey,
    text: str,
    *,
    visibility: str,
    channel: str,
    attachments: Sequence[InboundAttachment],
    metadata: dict[str, Any],
) -> Message:
    message = Message(
        ticket=ticket,
        author_kind=Message.AuthorKind.AGENT,
        user=by if isinstance(by, User) else None,
        author_name=str(by)[:200],
        visibility=visibility,
        channel=channel,
        body_text=text.strip(),
        body_html=reply_html(text),
        metadata=metadata,
    )
    message.external_id = message_id(message.pk)
    message.save()
    for attachment in attachments:
        attach(message, attachment)
    return message


def _address(message: Message, cc: Sequence[str] | None, undo: timedelta) -> None:
    """One delivery for each recipient; their reply tokens and our Message-ID are remembered, so that answers find back."""
    ticket = message.ticket
    if message.channel != Ticket.Channel.EMAIL:
        return
    people = [p for p in ticket.participants.all() if p.removed_at is None and p.role != Participant.Role.SUGGESTED]
    requester = next((p.address for p in people if p.role == Participant.Role.REQUESTER), ticket.customer.email)
    copied = [p.address for p in people if p.role == Participant.Role.CC] if cc is None else list(cc)
    recipients = list(dict.fromkeys(filter(None, (requester, *copied))))
    due = timezone.now() + undo
    Delivery.objects.bulk_create([Delivery(message=message, recipient=r, due_at=due) for r in recipients])
    marks = [message.external_id, *(reply_token(ticket.pk, r) for r in recipients)]
    ThreadReference.objects.bulk_create([ThreadReference(ticket=ticket, value=mark) for mark in marks], ignore_conflicts=True)
    message.recipients = recipients
    message.delivery = Message.DeliveryState.QUEUED if recipients else Message.DeliveryState.NONE
    message.save(update_fields=["recipients", "delivery"])
    transaction.on_commit(lambda: send_quietly(tasks.deliver_message, str(message.pk), countdown=undo.total_seconds()))


def _answered(ticket: Ticket, message: Message) -> None:
    ticket.last_agent_message_at = message.created_at
    ticket.first_response_at = ticket.first_response_at or message.created_at
    ticket.touch("last_agent_message_at", "first_response_at")


def _customer_wrote_since(message: Message) -> bool:
    """By the order of events: a mail may have come in before the reply, and been read after it."""
    events = Event.objects.filter(ticket_ref=message.ticket_id)
    sent = events.filter(kind="message.sent", subject_id=str(message.pk)).values("pk")[:1]
    return events.filter(kind__in=("message.received", "message.adopted"), pk__gt=sent).exists()


def _put_back(ticket: Ticket, before: dict[str, Any], by: User) -> None:
    newest = ticket.messages.filter(author_kind=Message.AuthorKind.AGENT).public().in_order().last()
    ticket.last_agent_message_at = newest.created_at if newest else None
    if not before.get("first_response_at"):
        ticket.first_response_at = None
    ticket.touch("last_agent_message_at", "first_response_at")
    if before.get("status"):
        ticket.set_status(before["status"], by=by, reason="reply withdrawn")
    if not before.get("assignee") and ticket.assignee_id == by.pk:
        ticket.assign(to=None, by=by)


def _iso(value: Any) -> str | None:
    return value.isoformat() if value else None
