"""What was said in a chat outlives it: a summary, and by the customer's leave their lines and the facts in them (customers/memory).

Done when a chat ends, and when it has been silent for a while: most visitors just leave. Safe to repeat: a line is remembered once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from assist import summaries
from assist.models import ChatMessage, ChatSession
from customers import memory as long_term
from customers.memory import Observed, Source
from customers.memory.consent import STORAGE
from customers.memory.drawing import draw, known_products
from customers.models import Customer, MemoryNode
from helpdesk.core.events import record
from helpdesk.core.models import Event

from . import lines, summarising

QUIET = timedelta(minutes=30)
LOOKED_BACK = timedelta(days=2)  # a scheduler that was away longer than that leaves a chat to its next line
MOST_CHATS, MOST_LINES = 100, 300  # in one go; of one chat, and of the chats before leave was given
FEWEST_WORDS = 3  # "yes please" says nothing later
LONGEST = 4_000  # characters of a line
SURE_OF_NAME = 0.9
KIND = "SupportInteraction"


def remember(session_id: UUID | str, *, by_model: bool = False) -> None:
    """Sum up what is new in this chat and take it up into its customer's memory. `by_model`: in a model's words, where there is one;
    blocks while it thinks."""
    session = ChatSession.objects.with_people().filter(pk=session_id, remembered__lt=F("lines")).first()
    if session is None:
        return
    until = session.lines
    fresh = session.messages.filter(n__gt=session.remembered, n__lte=until, role=ChatMessage.Role.USER)
    _take_up(session.customer, fresh.in_order()[:MOST_LINES])
    worded = summarising.word(session, after=session.remembered) if by_model and session.ticket_id is None else ""
    with transaction.atomic():
        held = lines.locked(session)
        told = worded or summarising.sum_up(held, after=held.remembered)
        held.summary = worded if worded and not held.remembered else summarising.sum_up(held)
        held.remembered = max(held.remembered, until)
        held.save(update_fields=["summary", "remembered"])
        if told and held.ticket is None:  # a ticket tells of itself
            record("chat.summed_up", subject=held, customer=held.customer, session=str(held.pk), summary=told)


def sum_up_its_ticket(session_id: UUID | str) -> None:
    """A chat that went to a person, or is over, is summed up in its ticket, by a model where there is one. Blocks while it thinks."""
    summaries.renew_the_wanted(ChatSession.objects.filter(pk=session_id).values_list("ticket", flat=True).first(), wanted=True)


def remember_the_quiet() -> None:
    """Chats in which nobody has said a word for a while."""
    now = timezone.now()
    quiet = ChatSession.objects.filter(remembered__lt=F("lines"), last_message_at__range=(now - LOOKED_BACK, now - QUIET))
    for pk in quiet.order_by("last_message_at").values_list("pk", flat=True)[:MOST_CHATS]:
        remember(pk)


def catch_up(event: Event) -> None:
    """A customer agrees to be remembered: what they said in their latest chats is taken up too."""
    if not event.data.get("granted") or STORAGE not in event.data.get("purposes", ()):
        return
    customer = Customer.objects.filter(pk=event.customer_ref).first() if event.customer_ref else None
    if customer is not None:
        theirs = ChatMessage.objects.filter(session__customer=customer, role=ChatMessage.Role.USER, session__remembered__gte=F("n"))
        _take_up(customer, reversed(theirs.order_by("-created_at")[:MOST_LINES]))


def note_name(session: ChatSession, said: ChatMessage, name: str) -> None:
    """The name that somebody gives themselves is known in their next chat, with their leave."""
    if long_term.allows(session.customer, STORAGE, "Entity"):
        source = Source("chat", str(said.pk), said.content[:300], session.ticket_id)
        long_term.learn(session.customer, "name", name, source=source, since=said.created_at, confidence=SURE_OF_NAME)


def _take_up(customer: Customer, said: Iterable[ChatMessage]) -> None:
    """A line that stands in a ticket is remembered as that message, which its ticket may have done already."""
    observes, draws = (long_term.allows(customer, STORAGE, kind) for kind in ("Observation", "Entity"))
    if not observes and not draws:
        return
    products = known_products()
    for line in said:
        kind, key = ("message", line.message_id) if line.message_id else ("chat", line.pk)
        if observes and len(line.content.split()) >= FEWEST_WORDS:
            long_term.observe([customer], _observed(customer, line), source=Source(kind, str(key)), now=False)
        for fact in draw(line.content, products) if draws else ():
            source = Source(kind, str(key), fact.quote)
            long_term.learn(customer, fact.attribute, fact.value, source=source, since=line.created_at, learned=line.created_at)


def _observed(customer: Customer, line: ChatMessage) -> Observed:
    text = line.content.strip()[:LONGEST]
    return Observed(
        MemoryNode.Type.OBSERVATION,
        KIND,
        text,
        {"observation_type": KIND, "text": text, "subject_id": str(customer.pk), "observer_id": ""},
        starts=line.created_at,
        learned=line.created_at,
        channel="chat",
        metadata={"importance": 0.5, "channel": "chat", "category": ""},
    )
