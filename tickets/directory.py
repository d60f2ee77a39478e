"""Customers as colleagues look for them: by name, address, number or organisation; page by page, with what is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from customers.identity import normal_phone
from customers.models import ContactPoint, Customer
from helpdesk.core.models import User
from tickets.models import Ticket

PAGE = 50
LONGEST_QUERY = 100
FILTERS = ("q", "tier", "after")


@dataclass(frozen=True)
class Page:
    """`after` is where the next page begins: the name and id of the last row; "" when there is none."""

    customers: list[Customer]
    after: str
    tiers: tuple[str, ...]


def page(wanted: Mapping[str, str], *, viewer: User) -> Page:
    """One page of the customers whom the filters leave, by name. Keyset pagination: page 2,000 costs what page 1 costs."""
    rows = _named(Customer.objects.visible_to(viewer), wanted.get("q", "").strip()[:LONGEST_QUERY])
    if tier := wanted.get("tier", "").strip()[:40]:
        rows = rows.filter(Q(tier=tier) | Q(organisation__tier=tier))
    rows = _behind(rows, wanted.get("after", "")).order_by("name", "pk").select_related("organisation").prefetch_related("contact_points")
    found = list(_with_tickets(rows, viewer)[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(found[:PAGE], f"{last.pk} {last.name}" if last else "", Customer.TIERS)


def _named(rows: QuerySet[Customer], words: str) -> QuerySet[Customer]:
    """Every word begins a word of the name or of the organisation, or the whole is (the beginning of) an address, a number or an id."""
    if not words:
        return rows
    spoken = Q()
    for word in words.split()[:8]:
        begins = Q(name__istartswith=word) | Q(name__icontains=f" {word}")
        spoken &= begins | Q(organisation__name__istartswith=word) | Q(organisation__name__icontains=f" {word}")
    points = Q(value__startswith=words.lower())
    if any(letter.isdigit() for letter in words):
        points |= Q(value__startswith=normal_phone(words)) if normal_phone(words) else Q()
    return rows.filter(spoken | Q(pk__in=ContactPoint.objects.filter(points).values("customer")) | Q(external_id=words))


def _behind(rows: QuerySet[Customer], after: str) -> QuerySet[Customer]:
    pk, space, name = after.partition(" ")
    try:
        last = UUID(pk)
    except ValueError:  # no cursor of ours: from the beginning
        return rows
    return rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=last)) if space else rows


def _with_tickets(rows: QuerySet[Customer], viewer: User) -> QuerySet[Customer]:
    """With the number of open tickets, and when they last wrote: of the tickets that the viewer may see."""
    theirs = Ticket.objects.visible_to(viewer).filter(customer=OuterRef("pk")).order_by().values("customer")
    return rows.annotate(
        open_tickets=Coalesce(
            Subquery(theirs.annotate(n=Count("pk", filter=Q(status__in=Ticket.ACTIVE))).values("n"), output_field=IntegerField()), 0
        ),
        last_wrote=Subquery(theirs.annotate(at=Max("last_customer_message_at")).values("at")),
    )
