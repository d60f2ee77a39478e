"""All that is remembered of one customer: to show, to hand out, to delete."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from customers.models import Customer, MemoryFact, MemoryNode, MemorySummary
from customers.models.memory import shown


def timeline(customer: Customer) -> QuerySet[MemoryNode]:
    """Everything remembered, newest first. Whoever shows it checks consent and notes the reading."""
    return MemoryNode.objects.filter(traces__customer=customer).distinct().order_by("-starts_at", "-id")


def export(customer: Customer) -> dict[str, Any]:
    """Nodes, summaries, facts with both times, and the consent ledger, as plain data."""
    fields = ("attribute", "value", "starts_at", "ends_at", "learned_at", "retired_at", "confidence", "source_kind", "source_id", "quote")
    ledger = ("granted", "data_types", "purposes", "expires_at", "source", "at")
    return {
        "nodes": [shown(node) for node in timeline(customer)],
        "facts": list(MemoryFact.objects.filter(customer=customer).order_by("attribute", "learned_at").values(*fields)),
        "summaries": list(customer.memory_summaries.order_by("month", "id").values("month", "text", "sources", "by")),
        "consents": list(customer.consents.values(*ledger)),
    }


def forget(customer: Customer) -> dict[str, int]:
    """Delete every memory and vector of a customer, consent or not; returns how many of what. The consent ledger stays."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        _all, nodes = MemoryNode.objects.filter(traces__customer=customer).delete()
        MemorySummary.objects.filter(customer=customer).delete()
        gone, _what = MemoryFact.objects.filter(customer=customer).delete()
    return {"nodes": nodes.get("customers.MemoryNode", 0), "facts": gone}
