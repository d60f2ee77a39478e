"""What customers and the core add to a person's export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from customers import memory
from customers.models import AccessEntry, Customer
from helpdesk.core.models import Event

from .exporting import part

FIELDS = (
    "name",
    "title",
    "tier",
    "technical_level",
    "satisfaction_score",
    "language",
    "time_zone",
    "external_id",
    "attributes",
    "created_at",
)


@part("you")
def you(customer: Customer) -> Iterator[dict[str, Any]]:
    points = list(customer.contact_points.values("kind", "value", "verified", "created_at"))
    organisation = customer.organisation.name if customer.organisation else ""
    yield {**{name: getattr(customer, name) for name in FIELDS}, "organisation": organisation, "addresses": points}


@part("remembered")
def remembered(customer: Customer) -> Iterator[dict[str, Any]]:
    yield from memory.export(customer)["nodes"]


@part("summaries")
def summaries(customer: Customer) -> Iterator[dict[str, Any]]:
    yield from memory.export(customer)["summaries"]


@part("facts")
def facts(customer: Customer) -> Iterator[dict[str, Any]]:
    yield from memory.export(customer)["facts"]


@part("consent")
def consent(customer: Customer) -> Iterator[dict[str, Any]]:
    yield from memory.export(customer)["consents"]


@part("crm")
def crm(customer: Customer) -> Iterator[dict[str, Any]]:
    yield from (dict(row) for row in customer.crm_records.values("connection__name", "remote_id", "person", "history", "fetched_at"))


@part("who_looked")
def who_looked(customer: Customer) -> Iterator[dict[str, Any]]:
    """When and what; agents by what they are, not by name."""
    yield from (dict(row) for row in AccessEntry.objects.filter(customer_ref=customer.pk).order_by("id").values("at", "actor_kind", "what"))


@part("events")
def events(customer: Customer) -> Iterator[dict[str, Any]]:
    yield from (dict(row) for row in Event.objects.filter(customer_ref=customer.pk).order_by("id").values("occurred_at", "kind", "data"))
