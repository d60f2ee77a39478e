"""A visitor who has left answers our mail: their words stand in the chat too, where they find the whole conversation when they return."""

from __future__ import annotations

from django.db import transaction

from assist.models import ChatMessage, ChatSession
from helpdesk.core.models import Event
from tickets import conversing, merging
from tickets.models import Message, Participant, Ticket

from . import attending, lines


def mirror(event: Event) -> None:
    """Show what came into a chat's ticket on another way. Only the visitor's own words: others who were copied in are not in their chat.

    The assistant says nothing to it: whoever writes a mail is answered by people. Safe to repeat.
    """
    message = Message.objects.public().from_customer().select_related("ticket__merged_into", "customer").filter(pk=event.subject_id).first()
    if message is None or message.channel == Ticket.Channel.CHAT or message.automatic or message.verified == "fail":
        return
    ticket = merging.survivor(message.ticket)
    session = attending.of_ticket(ticket) if conversing.is_live(ticket) else None
    if session is None or not message.body_text.strip() or not _is_theirs(message, session):
        return
    with transaction.atomic():
        held = lines.locked(session)
        if not ChatMessage.objects.filter(message=message).exists():
            lines.add(held, ChatMessage.Role.USER, message.body_text, message=message, metadata={"channel": message.channel})


def _is_theirs(message: Message, session: ChatSession) -> bool:
    """From the visitor's record, or from the address to which we answer them: a stranger's mail makes a record of its own."""
    if message.customer_id == session.customer_id:
        return True
    address = message.customer.email if message.customer else ""
    return (
        bool(address)
        and Participant.objects.filter(
            ticket=session.ticket, address__iexact=address, role=Participant.Role.REQUESTER, removed_at=None
        ).exists()
    )
