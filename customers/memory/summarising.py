"""A long history in short: for each month a few lines, each with the memories that it rests on. Renewed in the background.

Without a model a line is a sentence as it was said: the memories that stand nearest to the middle of their month, none like another.
With one, a paragraph on the month stands beside them. A line is read only where all of its sources are: by leave for each, within the
viewer's rights, and known and begun at the time that is asked about. So what a summary tells is never more than recall would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Count, Max
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, Field

from customers.models import Customer, MemoryNode, MemorySummary, MemoryTrace
from helpdesk.core.llm import LlmUnavailable, Question, complete, provider
from helpdesk.core.llm.prompts import declare

from . import consent
from .rights import hidden_tickets

LONG = 40  # memories: a shorter history is read whole
A_MONTH = 3  # lines
ALIKE = 0.9  # cosine: the second says what the first did
LONGEST = 240  # characters of a line
MOST_READ = 2_000  # memories of a month
ENOUGH = 8  # memories of a month that are worth a model's paragraph
TOLD = 60  # of them that the model reads, the weightiest
AT_ONCE = 200  # customers in one round of the background
_SEEN = "memory:summarised-to"  # the trace up to which histories were looked at; lost with the cache, all are looked at once more
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")

PROMPT = declare(
    "memory-summary",
    gettext_lazy("Summary of a month of a customer's history"),
    "You are given what is remembered of one month of a customer's history, each line with its date. Write at most three plain sentences"
    " on what happened, what was solved and what is still open. Only what the lines say; no names of people; no advice.",
)


class Paragraph(BaseModel):
    summary: str = Field(max_length=1_000)


@dataclass(frozen=True)
class Memory:
    """One memory of a month, as the choice sees it."""

    trace: int
    node: UUID
    text: str
    starts: datetime
    learned: datetime
    importance: float
    vector: Any


def refresh_the_changed() -> int:
    """Renew the summaries of those of whom something was learned since the last round; returns how many histories were long."""
    seen = cache.get(_SEEN, 0)
    rows = MemoryTrace.objects.filter(id__gt=seen, customer__isnull=False).order_by("id").values_list("id", "customer")[: AT_ONCE * 100]
    last: int = seen
    due: dict[UUID, None] = {}
    for trace, customer in rows:
        if len(due) == AT_ONCE and customer not in due:
            break
        last, due[customer] = trace, None
    number = sum(refresh(customer) for customer in due)
    cache.set(_SEEN, last, None)
    return number


def refresh(customer_id: UUID | str | None) -> bool:
    """Renew what changed; a history that is short, or that may not be kept, has no summary. Returns whether it is long."""
    customer = Customer.objects.filter(pk=customer_id, merged_into=None).first() if customer_id else None
    if customer is None:
        return False
    leave = consent.leave_of([customer.pk])[customer.pk]
    kinds = [kind for kind in consent.TYPES if (consent.STORAGE, kind) in leave]
    mine = MemoryTrace.objects.filter(customer=customer, node_type__in=kinds, retired_at=None)
    made = {row[0]: row[1:] for row in customer.memory_summaries.values_list("month", "number", "newest").distinct()}
    months = (
        mine.annotate(month=TruncMonth("starts_at", tzinfo=UTC))
        .order_by("month")
        .values("month")
        .annotate(number=Count("pk"), newest=Max("pk"))
    )
    found = {row["month"].date(): (row["number"], row["newest"]) for row in months}
    long = sum(number for number, _newest in found.values()) > LONG
    wanted = found if long else {}
    customer.memory_summaries.exclude(month__in=wanted).delete()
    told = {kind for kind in kinds if (consent.INFUSION, kind) in leave}
    for month, state in wanted.items():
        if made.get(month) != state:
            _renew(customer, month, state, _read(mine, month), may_tell=told == set(kinds))
    return long


def drop_the_unfounded() -> int:
    """Delete the lines of which a source is gone; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_memorysummary s WHERE EXISTS (SELECT 1 FROM unnest(s.sources) AS one"
            " WHERE NOT EXISTS (SELECT 1 FROM customers_memorynode n WHERE n.id = one))"
        )
        return int(cursor.rowcount)


def lines(customers: Iterable[UUID], *, viewer: Any, at: datetime, types: Sequence[str] = ()) -> list[MemorySummary]:
    """What may be told of these customers' months, the latest first: by their leave to infuse, as it was known at the moment.

    A month has either its paragraph or its sentences. The caller has checked that the viewer may see the customers. Three queries.
    """
    leave = consent.leave_of(customers)
    rows = list(MemorySummary.objects.filter(customer__in=leave, learned_at__lte=at, at__lte=at).order_by("-month", "-at", "id"))
    nodes = MemoryNode.objects.filter(pk__in={one for row in rows for one in row.sources}).known_at(at)
    known = {pk: (kind, ticket) for pk, kind, ticket in nodes.values_list("pk", "node_type", "ticket_ref")} if rows else {}
    hidden = hidden_tickets(viewer, (ticket for _kind, ticket in known.values()))

    def may(row: MemorySummary, source: UUID) -> bool:
        kind, ticket = known.get(source, ("", None))
        needed = {(consent.STORAGE, kind), (consent.INFUSION, kind)}
        return needed <= leave[row.customer_id] and ticket not in hidden and (not types or kind in types)

    told = [row for row in rows if all(may(row, source) for source in row.sources)]
    whole = {(row.customer_id, row.month) for row in told if row.by}
    return [row for row in told if row.by or (row.customer_id, row.month) not in whole]


def _read(mine: Any, month: Any) -> list[Memory]:
    """The memories of a month, the weightiest when there are too many."""
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    end = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
    rows = mine.filter(starts_at__gte=begin, starts_at__lt=end).order_by("-importance", "-starts_at", "-pk")
    fields = ("pk", "node", "node__text", "starts_at", "learned_at", "importance", "vector")
    return [Memory(*row) for row in rows.values_list(*fields)[:MOST_READ]]


def _renew(customer: Customer, month: Any, state: tuple[int, int], memories: list[Memory], *, may_tell: bool) -> None:
    rows = [_row(customer, month, state, [one], text=_first_sentence(one.text)) for one in _choose(memories)]
    if may_tell and len(memories) >= ENOUGH and provider().on:
        told = memories[:TOLD]
        if text := _paragraph(customer, month, told):
            rows.append(_row(customer, month, state, told, text=text, by=PROMPT.current().version))
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        for kind in MemoryNode.objects.filter(pk__in=[one.node for one in memories]).values_list("node_type", flat=True).distinct():
            if not consent.allows(customer, consent.STORAGE, kind):
                return  # taken back while the model thought
        MemorySummary.objects.filter(customer=customer, month=month).delete()
        MemorySummary.objects.bulk_create(rows)


def _row(customer: Customer, month: Any, state: tuple[int, int], of: Sequence[Memory], *, text: str, by: str = "") -> MemorySummary:
    number, newest = state
    return MemorySummary(
        customer=customer,
        month=month,
        at=max(one.starts for one in of),
        learned_at=max(one.learned for one in of),
        text=text,
        sources=[one.node for one in of],
        number=number,
        newest=newest,
        by=by,
    )


def _choose(memories: list[Memory]) -> list[Memory]:
    """Those that stand for their month, in the order of time: weighty, near its middle, and none like another."""
    dimensions = next((len(one.vector) for one in memories if one.vector is not None), 1)
    vectors = np.array([one.vector or [0.0] * dimensions for one in memories], dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    middle = vectors.mean(axis=0)
    weights = (0.5 + np.array([one.importance for one in memories]) / 2) * (1 + vectors @ middle)
    kept: list[int] = []
    for index in np.argsort(-weights, kind="stable"):
        one = memories[index]
        alike = any(vectors[index] @ vectors[other] > ALIKE or one.text == memories[other].text for other in kept)
        if one.text.strip() and not alike:
            kept.append(int(index))
        if len(kept) == A_MONTH:
            break
    return sorted((memories[index] for index in kept), key=lambda one: (one.starts, one.trace))


def _first_sentence(text: str) -> str:
    """The first sentence that says something; a greeting does not."""
    sentences = [one.strip() for one in _SENTENCE.split(text) if one.strip()]
    said = next((one for one in sentences if len(one.split()) > 3), sentences[0] if sentences else text)  # noqa: PLR2004 - "Hello Maya,"
    return said if len(said) <= LONGEST else said[: LONGEST - 1].rstrip() + "…"


def _paragraph(customer: Customer, month: Any, memories: Sequence[Memory]) -> str:
    """What a model makes of the month; "" when none answers."""
    wording = PROMPT.current()
    told = "\n".join(f"[{one.starts:%Y-%m-%d}] {' '.join(one.text.split())[:500]}" for one in sorted(memories, key=lambda one: one.starts))
    asked = Question(
        task="memory-summary",
        instructions=wording.text,
        data={"memories": told},
        prompt=wording.version,
        about=f"customer:{customer.pk}",
        customer_ref=customer.pk,
        names=(customer.name,),
    )
    try:
        return complete(asked, Paragraph).summary.strip()
    except LlmUnavailable:
        return ""
