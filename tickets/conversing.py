"""Tickets behind which somebody may be waiting for an answer this moment: a chat.

The app that carries the conversation registers how to enter it; nothing here knows it. Whoever writes takes the conversation's
lock first and the ticket's second, as the customer's own words do: two who write at once wait for each other, and never for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from helpdesk.core.models import ApiKey, User

if TYPE_CHECKING:
    from tickets.models import Message, Ticket

MARK = "chat"  # key of a ticket's metadata that says: a conversation stands behind this
PRESENCE = "chat.presence"  # a hint, no event: the customer came or left
WAITING, WITH_AGENT = "waiting", "with_agent"  # its states in which people are asked for


class Conversation(Protocol):
    @property
    def is_there(self) -> bool:
        """Would the customer read an answer now?"""

    def carry(self, message: Message) -> None:
        """An agent's public words, in the transaction that writes them."""


Enter = Callable[["Ticket", User | ApiKey], Conversation | None]
TakeBack = Callable[["Message"], None]
_carriers: list[tuple[Enter, TakeBack]] = []


def register(enter: Enter, take_back: TakeBack) -> None:
    """`enter(ticket, by)` locks the conversation and joins it when `by` is a person; `take_back` forgets a withdrawn reply."""
    _carriers[:] = [(enter, take_back)]


def entered(ticket: Ticket, by: User | ApiKey) -> Conversation | None:
    """The conversation behind this ticket, held for an answer. Within a transaction, before the ticket is locked."""
    return _carriers[0][0](ticket, by) if _carriers and is_live(ticket) else None


def taken_back(message: Message) -> None:
    if _carriers and is_live(message.ticket):
        _carriers[0][1](message)


def is_live(ticket: Ticket) -> bool:
    return MARK in ticket.metadata


def visitor_group(ticket_id: UUID) -> str:
    """The realtime group of the customer's own screens: nothing is told there that a customer may not know."""
    return f"visitor.{ticket_id}"


def state_of(ticket: Ticket) -> str:
    """assistant, waiting, with_agent or ended; "" where there is no conversation."""
    return str(ticket.metadata.get(MARK, {}).get("state", ""))
