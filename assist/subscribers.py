"""What the assistant does when something happens. One line each."""

from __future__ import annotations

from assist import copilot
from assist.triage import arrival, following
from helpdesk.core.events import subscribe
from helpdesk.core.models import Event


@subscribe("message.received", "message.adopted", slow=True)
def understand_message(event: Event) -> None:
    arrival.understand(event.subject_id)


@subscribe("message.sent")
def settle_draft(event: Event) -> None:
    copilot.settle(event.subject_id)


@subscribe("ticket.status_changed")
def plan_follow_up(event: Event) -> None:
    if event.ticket_ref:
        following.set_date(event.ticket_ref)
