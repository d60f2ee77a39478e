"""Who waits for a person, the longest first, each queue for itself; and how the others learn that the line has moved."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db import transaction

from assist.models import ChatSession

from . import lines

MOST_TOLD = 200  # who waits further behind learns of it when their window asks again


def moved(queue_id: UUID) -> None:
    """Somebody came into the line of this queue or left it: after the commit the others read their places anew."""
    transaction.on_commit(partial(_tell, queue_id))


def _tell(queue_id: UUID) -> None:
    for session in ChatSession.objects.waiting().filter(queue=queue_id)[:MOST_TOLD]:
        lines.tell(session)
