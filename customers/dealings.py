"""What a shop or a billing system tells: what a customer subscribed to, and what they bought.

    take(customer, Dealing(kind="subscription.changed", plan="Enterprise", at=…), source=Source("billing", "hook:event"))

It stands on the timeline, is remembered as an event, and says which plan and products the customer has, since when. By their leave
alone. The same source again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers import memory
from customers.memory import Observed, Source
from customers.memory.moments import SKEW
from customers.models import Customer, MemoryNode
from helpdesk.core.errors import Invalid
from helpdesk.core.events import record

STARTED, CHANGED, RENEWED, CANCELLED = (f"subscription.{what}" for what in ("started", "changed", "renewed", "cancelled"))
BOUGHT, REFUNDED = "purchase.made", "purchase.refunded"
KINDS: dict[str, str | Promise] = {
    STARTED: gettext_lazy("Subscribed to %(what)s"),
    CHANGED: gettext_lazy("Changed the subscription to %(what)s"),
    RENEWED: gettext_lazy("Renewed %(what)s"),
    CANCELLED: gettext_lazy("Cancelled %(what)s"),
    BOUGHT: gettext_lazy("Bought %(what)s"),
    REFUNDED: gettext_lazy("Got money back for %(what)s"),
}
PLAN, PRODUCT = "plan", "product"
CERTAIN = 0.95  # a bill is surer than what somebody says of it


@dataclass(frozen=True, kw_only=True)
class Dealing:
    """`at` is when it was so; of a subscription `until` is its end, where that is known: of one that was cancelled the last day."""

    kind: str
    at: datetime | None = None
    until: datetime | None = None
    plan: str = ""
    products: tuple[str, ...] = ()
    amount: str = ""  # as written on the bill: "49.00 EUR"
    reference: str = ""  # theirs: an order or invoice number
    description: str = ""

    @property
    def title(self) -> str:
        what = ", ".join(filter(None, (self.plan, *self.products))) or self.reference or str(_("something"))
        return str(KINDS[self.kind]) % {"what": what}


def take(customer: Customer, told: Dealing, *, source: Source) -> MemoryNode:
    """Remember it once. Raises ConsentRequired (403), Invalid (400) for times that cannot be."""
    at = told.at or timezone.now()
    if at > timezone.now() + SKEW:
        raise Invalid(_("This is still to come."))
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=customer.pk)
        known = MemoryNode.objects.filter(customer=customer, source_kind=source.kind, source_id=source.id[:150]).first()
        if known is not None:
            return known
        node = memory.observe([customer], _as_event(customer, told, at), source=source, now=False)
        if memory.allows(customer, "storage", "Entity"):
            _learn(customer, told, at, source)
        record("customer.dealt", subject=customer, customer=customer, title=told.title, what=told.kind, reference=told.reference)
    return node


def _as_event(customer: Customer, told: Dealing, at: datetime) -> Observed:
    kind = "PurchaseEvent" if told.kind in (BOUGHT, REFUNDED) else "Subscription"
    said = " · ".join(filter(None, (told.description, told.amount, told.reference)))
    people = [{"entity_id": str(customer.pk), "role": "customer"}]
    content = {"event_type": kind, "title": told.title, "description": said, "participants": people}
    return Observed("Event", kind, f"{told.title}. {said}".strip(), content, starts=at, importance=0.6, channel="api")


def _learn(customer: Customer, told: Dealing, at: datetime, source: Source) -> None:
    """Which plan they have, until when; which products."""
    if told.kind == CANCELLED:
        for fact in memory.facts(customer, valid=True).filter(attribute=PLAN):
            end = max(told.until or at, at)
            if end > fact.starts_at and (fact.ends_at is None or end < fact.ends_at):
                memory.end(fact, at=end, source=source, ahead=True)
    elif told.plan:
        memory.learn(customer, PLAN, told.plan, source=source, since=at, until=told.until, confidence=CERTAIN)
    for product in told.products if told.kind in (STARTED, CHANGED, BOUGHT) else ():
        memory.learn(customer, PRODUCT, product, source=source, since=at, confidence=CERTAIN)
