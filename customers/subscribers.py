"""What customers do when something happens. One line each."""

from __future__ import annotations

from customers.crm import looking_up
from customers.memory import hearing, summarising
from helpdesk.core.events import subscribe
from helpdesk.core.models import Event


@subscribe("customer.created", slow=True)
def look_up_in_crm(event: Event) -> None:
    looking_up.refresh(event.subject_id)


@subscribe("customer.crm_changed", slow=True)
def remember_what_the_crm_says(event: Event) -> None:
    hearing.hear_crm(event)


@subscribe("customer.merged", "customer.merge_undone", slow=True)
def join_memories(event: Event) -> None:
    hearing.hear_merge(event)


@subscribe("customer.consent_changed", "customer.merged", "customer.merge_undone", slow=True)
def summarise_anew(event: Event) -> None:
    summarising.refresh(event.customer_ref)
