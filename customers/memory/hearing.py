"""What the records themselves add to the memory: what a CRM says now, and merges."""

from __future__ import annotations

from django.utils.translation import gettext as _

from customers.models import Customer, CustomerMerge
from helpdesk.core.models import Event

from . import consent, joining
from .facts import Source, learn
from .observing import Observed, observe

ATTRIBUTES = {"name": "name", "company": "company", "tier": "plan", "owner": "account manager"}  # what a CRM says that is a fact
SURE = 0.95


def hear_crm(event: Event) -> None:
    """A CRM says otherwise than before: facts, and the change as an event in the account's life. By leave; safe to repeat."""
    customer = Customer.objects.filter(pk=event.customer_ref, merged_into=None).first() if event.customer_ref else None
    if customer is None:
        return
    source, at, changed = Source("crm", str(event.pk)), event.occurred_at, event.data.get("changed") or {}
    if consent.allows(customer, consent.STORAGE, "Entity"):
        for name, attribute in ATTRIBUTES.items():
            if value := str(changed.get(name) or "").strip():
                learn(customer, attribute, value, source=source, since=at, learned=at, confidence=SURE)
    if changed and consent.allows(customer, consent.STORAGE, "Event"):
        said = ", ".join(f"{name}: {value}" for name, value in sorted(changed.items()))
        title = _("{connection} says: {changed}").format(connection=event.data.get("connection") or "CRM", changed=said)[:300]
        people = [{"entity_id": str(customer.pk), "role": "customer"}]
        content = {"event_type": "AccountEvent", "title": title, "description": "", "participants": people}
        observe([customer], Observed("Event", "AccountEvent", title, content, starts=at, learned=at), source=source, now=False)


def hear_merge(event: Event) -> None:
    """Two records became one, or two again: so do the beliefs."""
    merge = CustomerMerge.objects.filter(pk=event.data.get("merge")).first()
    if merge is None:
        return
    if event.kind == "customer.merged" and merge.undone_at is None:
        joining.settle(merge.kept_id, merge.at)
    elif event.kind == "customer.merge_undone":
        joining.part(merge.kept_id, merge.merged_id, merge.at)
