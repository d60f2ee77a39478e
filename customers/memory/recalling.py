"""Recall: what is worth knowing now, by text and meaning, recency, importance and what agents thought of it. Every part is shown.

score = similarity x (1 - w + w x 2^(-age / half-life)) x (0.5 + importance / 2) x (0.5 + feedback), each factor at most 1 but the
last; similarity is seven parts meaning (cosine) and three parts words. Age counts from the start of the node to the reference time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from customers.access_log import note_read
from customers.models import Customer, MemoryFeedback, MemoryNode, MemoryTrace
from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder
from helpdesk.core.errors import NotFound

from . import consent
from .rights import hidden_tickets

MOST = 50
CANDIDATES = 200  # scored rows that are looked at for rights before the best k are taken
LONGEST_QUERY = 4_000


@dataclass(frozen=True)
class Query:
    text: str
    reference_time: datetime | None = None
    customers: tuple[UUID, ...] = ()
    entities: tuple[str, ...] = ()  # ids of products and agents
    k: int = 5
    types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recalled:
    node: MemoryNode
    score: float
    parts: dict[str, float]  # similarity, recency, importance, feedback: 0 to 1


def recall(asked: Query, *, viewer: Any, why: str = "", purpose: str = consent.RETRIEVAL) -> list[Recalled]:
    """The k best, best first; nothing of whom the viewer may not see, of types without leave, or known or true only later.

    Leave to remember is needed besides: what was stored before it was taken back is used no more. Logs the reading.
    """
    seen = Customer.objects.all() if viewer is None else Customer.objects.visible_to(viewer)
    customers = list(seen.filter(pk__in=asked.customers).values_list("pk", flat=True))
    if viewer is not None and isinstance(viewer, Customer) and set(asked.customers) - set(customers):
        raise NotFound
    leave = consent.leave_of(customers)
    allowed = {(one, kind) for one in customers for kind in consent.TYPES if {(purpose, kind), (consent.STORAGE, kind)} <= leave[one]}
    rows = _scored(asked, allowed)
    nodes = MemoryNode.objects.in_bulk([row[0] for row in rows])
    hidden = hidden_tickets(viewer, (node.ticket_ref for node in nodes.values()))
    found = [_recalled(nodes[row[0]], row) for row in rows if row[0] in nodes and nodes[row[0]].ticket_ref not in hidden]
    if allowed:
        note_read(viewer, {one for one, _kind in allowed}, "memory", why)
    return found[: min(asked.k, MOST)]


def rate(node: MemoryNode, *, useful: bool, by: Any) -> None:
    """An agent says whether a recalled memory helped; their last word counts, and ranking follows at once."""
    MemoryFeedback.objects.update_or_create(node=node, by=str(by.pk), defaults={"useful": useful, "at": timezone.now()})
    said = list(MemoryFeedback.objects.filter(node=node).values_list("useful", flat=True))
    MemoryTrace.objects.filter(node=node).update(feedback=(sum(said) + 1) / (len(said) + 2))  # Laplace: one vote is no verdict


# One scan of the customers' rows, by memory_trace_of: 10,000 of them are compared exactly. MATERIALIZED: each is scored once.
_SCORED = """
    WITH seen AS (
        SELECT * FROM customers_memorytrace
        WHERE customer_id = ANY(%(customers)s) AND (node_type = 'Entity' AND customer_id = ANY(%(Entity)s)
            OR node_type = 'Observation' AND customer_id = ANY(%(Observation)s) OR node_type = 'Event' AND customer_id = ANY(%(Event)s))
        UNION ALL
        SELECT * FROM customers_memorytrace
        WHERE customer_id IS NULL
          AND node_id IN (SELECT id FROM customers_memorynode WHERE entity_ref <> '' AND entity_ref = ANY(%(entities)s))
    ), scored AS MATERIALIZED (
        SELECT t.node_id, t.importance, t.feedback,
            0.7 * COALESCE(CASE WHEN t.model = %(model)s THEN GREATEST(0, 1 - (t.vector <=> %(vector)s::halfvec)) END, 0)
            + 0.3 * CASE WHEN t.words @@ q.words THEN LEAST(1, 4 * ts_rank(t.words, q.words)) ELSE 0 END AS similarity,
            power(0.5::float8, GREATEST(0, EXTRACT(EPOCH FROM %(at)s::timestamptz - t.starts_at))::float8 / %(half)s) AS recency
        FROM seen t, (SELECT to_tsquery('simple', %(words)s) AS words) q
        WHERE t.learned_at <= %(at)s AND t.starts_at <= %(at)s AND (t.retired_at IS NULL OR t.retired_at > %(at)s)
          AND (%(types)s::text[] = '{}' OR t.node_type = ANY(%(types)s))
          AND (%(categories)s::text[] = '{}' OR t.category = ANY(%(categories)s))
    )
    SELECT node_id, similarity * (1 - %(weight)s + %(weight)s * recency) * (0.5 + importance / 2) * (0.5 + feedback) AS score,
        similarity, recency, importance, feedback
    FROM scored ORDER BY score DESC, node_id LIMIT %(most)s
"""


def _scored(asked: Query, allowed: set[tuple[UUID, str]]) -> list[Sequence[Any]]:
    """(node, score, similarity, recency, importance, feedback), best first; a node of several customers once."""
    if not allowed and not asked.entities:
        return []
    vector, model = _meaning(asked.text)
    values = {
        "customers": list({one for one, _kind in allowed}),
        **{kind: [one for one, own in allowed if own == kind] for kind in consent.TYPES},
        "entities": list(asked.entities),
        "model": model,
        "vector": vector,
        "words": " | ".join(dict.fromkeys(re.findall(r"\w{2,40}", asked.text.lower())[:32])),
        "at": asked.reference_time or timezone.now(),
        "half": settings.MEMORY_HALF_LIFE_DAYS * 86_400,
        "weight": settings.MEMORY_RECENCY_WEIGHT,
        "types": list(asked.types),
        "categories": list(asked.categories),
        "most": CANDIDATES,
    }
    best: dict[UUID, Sequence[Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SCORED, values)
        for row in cursor.fetchall():
            best.setdefault(row[0], row)
    return list(best.values())


def _meaning(text: str) -> tuple[str | None, str]:
    engine = get_embedder()
    try:
        vector = engine.embed([text[:LONGEST_QUERY]])[0]
    except EmbeddingUnavailable:
        return None, ""  # words alone, then
    return "[" + ",".join(f"{number:.5f}" for number in vector) + "]", engine.name


def _recalled(node: MemoryNode, row: Sequence[Any]) -> Recalled:
    _node, score, *parts = row
    names = ("similarity", "recency", "importance", "feedback")
    return Recalled(node, round(float(score), 4), {name: round(float(part), 4) for name, part in zip(names, parts, strict=True)})
