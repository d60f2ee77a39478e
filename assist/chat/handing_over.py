"""A person is asked for: the conversation becomes a ticket in which an agent goes on."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from assist.models import ChatSession
from tickets.models import Ticket

from . import filing, lines


def hand_over(session: ChatSession, reason: str) -> Ticket:
    """Ask for a person, once; whoever asks again gets the same ticket. From now on the assistant keeps quiet."""
    with transaction.atomic():
        held = lines.locked(session)
        if held.state == ChatSession.State.ASSISTANT:
            held.state, held.handoff_reason, held.handed_over_at = ChatSession.State.WAITING, reason[:300], timezone.now()
            held.save(update_fields=["state", "handoff_reason", "handed_over_at"])
        ticket = filing.file(held)
        lines.tell(held)
    session.refresh_from_db()
    return ticket
