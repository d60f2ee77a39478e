"""Only the rules hear of events here: what triage makes of a ticket is another story."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpdesk.core import events
from helpdesk.core.models import Receipt


@pytest.fixture
def drain(db: None) -> Callable[[], None]:
    """Let the rules hear of everything that happened, and of what comes of that."""

    def run() -> None:
        due = Receipt.objects.filter(Receipt.OPEN, attempts=0, subscriber="tickets.fire_rules").order_by("id")
        while receipts := list(due.values_list("pk", flat=True)):
            for receipt in receipts:
                events.run(receipt)

    return run
