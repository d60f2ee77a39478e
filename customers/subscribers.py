"""What customers do when something happens. One line each."""

from __future__ import annotations

from customers.crm import looking_up
from helpdesk.core.events import subscribe
from helpdesk.core.models import Event


@subscribe("customer.created", slow=True)
def look_up_in_crm(event: Event) -> None:
    looking_up.refresh(event.subject_id)
