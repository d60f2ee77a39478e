"""What the assistant does when something happens. One line each."""

from __future__ import annotations

from assist import copilot
from assist.triage import arrival
from helpdesk.core.events import subscribe
from helpdesk.core.models import Event


@subscribe("message.received", "message.adopted", slow=True)
def understand_message(event: Event) -> None:
    arrival.understand(event.subject_id)


@subscribe("message.sent")
def settle_draft(event: Event) -> None:
    copilot.settle(event.subject_id)
