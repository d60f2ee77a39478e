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
LEADING = 400  # rows whose words are read; what is left behind could not have scored more than the last of them might
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
    hidden = hidden_tickets(viewer, (row[-1] for row in rows))
    best = [row for row in rows if row[-1] not in hidden][: min(asked.k, MOST)]
    nodes = MemoryNode.objects.in_bulk([row[0] for row in best])
    if allowed:
        note_read(viewer, {one for one, _kind in allowed}, "memory", why)
    return [_recalled(nodes[row[0]], row) for row in best if row[0] in nodes]


def rate(node: MemoryNode, *, useful: bool, by: Any) -> None:
    """An agent says whether a recalled memory helped; their last word counts, and ranking follows at once."""
    MemoryFeedback.objects.update_or_create(node=node, by=str(by.pk), defaults={"useful": useful, "at": timezone.now()})
    said = list(MemoryFeedback.objects.filter(node=node).values_list("useful", flat=True))
    MemoryTrace.objects.filter(node=node).update(feedback=(sum(said) + 1) / (len(said) + 2))  # Laplace: one vote is no verdict


# The first look reads one index, where a customer's rows stand together, and keeps those that could score best: words count there as
# much as they could at most (ts_rank gives a word of the query 0.1 of its share, however often it comes). The second look reads the
# words of those alone. MATERIALIZED: each row is measured once.
_SCORED = """
    WITH q AS (
        SELECT to_tsquery('simple', %(words)s) AS words, helpdesk_word_marks(to_tsvector('simple', %(plain)s)) AS marks,
            length(to_tsvector('simple', %(plain)s))::float8 AS number,
            0.12::float8 / GREATEST(1, length(to_tsvector('simple', %(plain)s))) AS share
    ), seen AS (
        SELECT id, node_type, category, starts_at, learned_at, retired_at, importance, feedback, marks, model, vector
        FROM customers_memorytrace
        WHERE customer_id = ANY(%(customers)s) AND (node_type = 'Entity' AND customer_id = ANY(%(Entity)s)
            OR node_type = 'Observation' AND customer_id = ANY(%(Observation)s) OR node_type = 'Event' AND customer_id = ANY(%(Event)s))
        UNION ALL
        SELECT id, node_type, category, starts_at, learned_at, retired_at, importance, feedback, marks, model, vector
        FROM customers_memorytrace
        WHERE customer_id IS NULL
          AND node_id IN (SELECT id FROM customers_memorynode WHERE entity_ref <> '' AND entity_ref = ANY(%(entities)s))
    ), measured AS MATERIALIZED (
        SELECT t.id, t.importance, t.feedback, (0.5 + t.importance / 2) * (0.5 + t.feedback) AS weight,
            0.7 * COALESCE(CASE WHEN t.model = %(model)s THEN GREATEST(0, 1 - (t.vector <=> %(vector)s::halfvec)) END, 0) AS meaning,
            GREATEST(0, q.share * (q.number - bit_count(q.marks & ~t.marks))) AS wording,
            power(0.5::float8, GREATEST(0, date_part('epoch', %(at)s::timestamptz - t.starts_at)) / %(half)s) AS recency
        FROM seen t, q
        WHERE t.learned_at <= %(at)s AND t.starts_at <= %(at)s AND (t.retired_at IS NULL OR t.retired_at > %(at)s)
          AND (%(types)s::text[] = '{}' OR t.node_type = ANY(%(types)s))
          AND (%(categories)s::text[] = '{}' OR t.category = ANY(%(categories)s))
    ), foremost AS MATERIALIZED (
        SELECT *, weight * (1 - %(weight)s + %(weight)s * recency) AS factor FROM measured
        ORDER BY (meaning + wording) * weight * (1 - %(weight)s + %(weight)s * recency) DESC, id
        LIMIT %(first)s
    ), scored AS (
        SELECT t.node_id, l.recency, l.importance, l.feedback, l.factor,
            l.meaning + 0.3 * CASE WHEN t.words @@ q.words THEN LEAST(1, 4 * ts_rank(t.words, q.words)) ELSE 0 END AS similarity
        FROM foremost l JOIN customers_memorytrace t ON t.id = l.id, q
    )
    SELECT best.*, n.ticket_ref FROM (
        SELECT node_id, similarity * factor AS score, similarity, recency, importance, feedback
        FROM scored ORDER BY score DESC, node_id LIMIT %(most)s
    ) best JOIN customers_memorynode n ON n.id = best.node_id
    ORDER BY score DESC, node_id
"""


def _scored(asked: Query, allowed: set[tuple[UUID, str]]) -> list[Sequence[Any]]:
    """(node, score, similarity, recency, importance, feedback, ticket), best first; a node of several customers once."""
    if not allowed and not asked.entities:
        return []
    vector, model = _meaning(asked.text)
    words = list(dict.fromkeys(re.findall(r"\w{2,40}", asked.text.lower())[:32]))
    values = {
        "customers": list({one for one, _kind in allowed}),
        **{kind: [one for one, own in allowed if own == kind] for kind in consent.TYPES},
        "entities": list(asked.entities),
        "model": model,
        "vector": vector,
        "words": " | ".join(words),
        "plain": " ".join(words),
        "at": asked.reference_time or timezone.now(),
        "half": settings.MEMORY_HALF_LIFE_DAYS * 86_400,
        "weight": settings.MEMORY_RECENCY_WEIGHT,
        "types": list(asked.types),
        "categories": list(asked.categories),
        "first": LEADING,
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
    _node, score, *parts, _ticket = row
    names = ("similarity", "recency", "importance", "feedback")
    return Recalled(node, round(float(score), 4), {name: round(float(part), 4) for name, part in zip(names, parts, strict=True)})
