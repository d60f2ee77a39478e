"""Who looked at a call: its customer is told, when they ask who saw what is kept of them."""

from __future__ import annotations

from typing import Any

from assist.models import CallSession
from customers.access_log import note_read


def note(call: CallSession, what: str, *, by: Any) -> None:
    """Write down that `by` (a user or a key) read `what` of the call's customer; of a caller who is not known there is nobody to tell."""
    if call.customer_id:
        note_read(by, call.customer_id, what, call.call_id)
