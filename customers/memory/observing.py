"""Observe: one node comes in, from a partner, an agent or the event spine. Without the customer's leave nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import F, Q, Value

from customers.models import Customer, MemoryNode, MemoryTrace
from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder, switching

from . import consent
from .facts import Source
from .moments import checked

READ = 4_000  # characters of a node that are searched; the vector reads about the first 1,000
CONFIGURATION = "simple"
AT_ONCE = 256


@dataclass(frozen=True)
class Observed:
    """One node, checked in form by whoever brings it."""

    node_type: str
    kind: str
    text: str
    content: dict[str, Any] = field(default_factory=dict)
    starts: datetime | None = None
    ends: datetime | None = None
    learned: datetime | None = None
    importance: float = 0.5
    channel: str = ""
    category: str = ""
    ticket: UUID | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    entity_ref: str = ""


def observe(about: Sequence[Customer], seen: Observed, *, source: Source, now: bool = True) -> MemoryNode:
    """Remember one node about these customers (none: a product or an agent). The same source again changes nothing.

    `now=False` leaves the reading of its meaning to the background. Raises ConsentRequired (403), Invalid (400).
    """
    times = checked(seen.starts, seen.ends, seen.learned)
    _may(about, seen)
    vector = _vector(seen.text) if now else None
    with transaction.atomic():
        list(Customer.objects.select_for_update().filter(pk__in=[one.pk for one in about]).order_by("pk"))
        _may(about, seen)  # again, under the lock: it may have been taken back while the engine read
        owner = about[0] if about else None
        known = MemoryNode.objects.filter(customer=owner, node_type=seen.node_type, source_kind=source.kind, source_id=source.id[:150])
        if source.id and (told := known.first()):
            return told
        node = MemoryNode.objects.create(
            customer=owner,
            node_type=seen.node_type,
            kind=seen.kind,
            entity_ref=seen.entity_ref,
            content=seen.content,
            text=seen.text,
            starts_at=times.starts,
            ends_at=times.ends,
            learned_at=times.learned,
            importance=seen.importance,
            channel=seen.channel,
            category=seen.category,
            ticket_ref=seen.ticket,
            metadata=seen.metadata,
            source_kind=source.kind,
            source_id=source.id[:150],
        )
        for one in about or (None,):
            _trace(node, one, vector)
    return node


def read_the_unread(most: int = 2_000) -> int:
    """Give vectors to what was stored without; returns how many. Raises EmbeddingUnavailable."""
    engine = get_embedder().name
    made_ahead = MemoryTrace.objects.exclude(next_model="").filter(next_model=engine)
    made_ahead.update(vector=F("next_vector"), model=engine, next_vector=None, next_model="")  # it has taken over
    unread = Q(vector=None)
    if settings.EMBEDDING_PREVIOUS:  # what another process wrote under the old engine in its last seconds
        unread |= ~Q(model=engine)
    waiting = MemoryTrace.objects.filter(unread).order_by("id").values_list("pk", "node__text")[:most]
    return _read(list(waiting), "vector", "model")


@switching.remakes("memories")
def embed_again(most: int = 2_000) -> int:
    """The vectors of some traces under the engine that is to take over, beside those that serve; returns how many were made."""
    engine = get_embedder().name
    missing = MemoryTrace.objects.exclude(model=engine).exclude(next_model=engine)
    return _read(list(missing.order_by("id").values_list("pk", "node__text")[:most]), "next_vector", "next_model")


def _read(waiting: Sequence[tuple[int, str]], vector_in: str, model_in: str) -> int:
    engine = get_embedder()
    for start in range(0, len(waiting), AT_ONCE):
        batch = waiting[start : start + AT_ONCE]
        for (pk, _text), vector in zip(batch, engine.embed([text[:READ] for _pk, text in batch]), strict=True):
            MemoryTrace.objects.filter(pk=pk).update(**{vector_in: vector, model_in: engine.name})
    return len(waiting)


def _may(about: Sequence[Customer], seen: Observed) -> None:
    """To say that somebody is a customer needs no leave; everything else about them does."""
    if (seen.node_type, seen.kind) != (MemoryNode.Type.ENTITY, "Customer"):
        for one in about:
            consent.require(one, consent.STORAGE, seen.node_type)


def _vector(text: str) -> Any:
    try:
        return get_embedder().embed([text[:READ]])[0]
    except EmbeddingUnavailable:
        return None  # the background reads it when the engine is back


def _trace(node: MemoryNode, customer: Customer | None, vector: Any) -> None:
    MemoryTrace.objects.create(
        node=node,
        customer=customer,
        node_type=node.node_type,
        category=node.category,
        starts_at=node.starts_at,
        learned_at=node.learned_at,
        importance=node.importance,
        words=SearchVector(Value(node.text[:READ].replace("\x00", " ")), config=CONFIGURATION),
        vector=vector,
        model=get_embedder().name if vector is not None else "",
    )
