"""Which conversation is it? Found by the caller's own name for it, else the one that still runs, else a new one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from assist.models import ChatSession
from customers.models import Customer
from tickets.models import Ticket
from tickets.models.ticket import TicketQuerySet

STILL_RUNNING = timedelta(hours=12)  # of silence: after that a visitor without a session's name begins anew


def find(customer: Customer, session_id: str = "") -> ChatSession | None:
    """That session of this customer; without a name the latest one that still runs."""
    theirs = ChatSession.objects.with_people().filter(customer=customer)
    if session_id:
        return theirs.filter(session_id=session_id).first()
    running = theirs.running().filter(last_message_at__gt=timezone.now() - STILL_RUNNING)
    return running.order_by("-last_message_at").first()


def enter(
    customer: Customer, session_id: str = "", *, identity: str = ChatSession.Identity.ANONYMOUS, metadata: dict[str, Any] | None = None
) -> ChatSession:
    """The conversation to go on in. What the visitor has proven meanwhile counts from now on; one that has ended begins again."""
    session = find(customer, session_id) or _begun(customer, session_id or uuid4().hex, metadata or {})
    changed = []
    if _RANK[identity] > _RANK[session.identity]:
        session.identity = identity
        changed.append("identity")
    if session.state == ChatSession.State.ENDED:
        session.state, session.ended_at, session.agent, session.ticket = ChatSession.State.ASSISTANT, None, None, None
        changed += ["state", "ended_at", "agent", "ticket"]
    if changed:
        session.save(update_fields=changed)
    return session


def position(session: ChatSession) -> int:
    """The place among those who wait in the same queue, 1 for the next one; 0 when nobody is waited for."""
    if session.state != ChatSession.State.WAITING or session.handed_over_at is None:
        return 0
    before = ChatSession.objects.waiting().filter(queue=session.queue_id, handed_over_at__lt=session.handed_over_at)
    return before.count() + 1


def _begun(customer: Customer, session_id: str, metadata: dict[str, Any]) -> ChatSession:
    try:
        with transaction.atomic():
            return ChatSession.objects.create(
                customer=customer, session_id=session_id, language=customer.language.split("-")[0], metadata=metadata
            )
    except IntegrityError:  # begun by another of their windows a moment ago
        return ChatSession.objects.with_people().get(customer=customer, session_id=session_id)


_RANK: dict[str, int] = {ChatSession.Identity.ANONYMOUS: 0, ChatSession.Identity.GIVEN: 1, ChatSession.Identity.VERIFIED: 2}


def tickets_heard_of(customer: Customer, identity: str) -> TicketQuerySet:
    """What somebody in a chat may hear of: who has proven nothing, only of what was made in their own chats (security T44)."""
    theirs = Ticket.objects.visible_to(customer)
    return theirs if identity == ChatSession.Identity.VERIFIED else theirs.filter(chats__customer=customer).distinct()
