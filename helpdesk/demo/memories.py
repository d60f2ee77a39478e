"""What the demonstration remembers of a few customers who agreed to it, learned over the years through the memory's own verbs.

Their messages are read by the product itself, as whenever a customer agrees late.
"""

from __future__ import annotations

import json
from typing import Any

from customers import memory
from customers.memory import Source
from customers.models import Customer, MemoryFact
from helpdesk.core import events
from helpdesk.core.models import Event, Receipt

from .company import Cast
from .moments import Moments
from .source import HERE


def load_memories(cast: Cast, at: Moments) -> None:
    """Safe to repeat: who has decided on consent since is not asked again, and what is known is left alone."""
    written = json.loads((HERE / "remembered.json").read_text(encoding="utf-8"))
    for key in written["agreed"]:
        customer = cast.customers[key]
        if not customer.consents.exists():
            memory.grant(customer, days=1_095, source="Agreement v4")
    for key, rows in written["facts"].items():
        customer = cast.customers[key]
        if memory.allows(customer, "storage", "Entity") and not MemoryFact.objects.filter(customer=customer).exists():
            for number, row in enumerate(rows):
                _learn(cast, at, key, {**row, "number": number})
    _read_their_messages([cast.customers[key] for key in written["agreed"]])


def _read_their_messages(agreed: list[Customer]) -> None:
    """At once, so that the first visitor finds it; a worker would do it a moment later."""
    told = Event.objects.filter(kind="customer.consent_changed", customer_ref__in=[one.pk for one in agreed])
    for receipt in Receipt.objects.filter(Receipt.OPEN, event__in=told).order_by("id").values_list("pk", flat=True):
        events.run(receipt)


def _learn(cast: Cast, at: Moments, key: str, row: dict[str, Any]) -> None:
    agent, mark = cast.agents.get(row["by"]), f"demonstration-{key}-{row['number']}"
    source = Source("agent", f"{agent.pk}@{mark}", row.get("quote", "")) if agent else Source(row["by"], mark, row.get("quote", ""))
    since = at.ago(days=row["days_ago"])
    memory.learn(
        cast.customers[key],
        row["attribute"],
        row["value"],
        source=source,
        since=since,
        learned=since,
        confidence=row.get("confidence", 0.95),
    )
