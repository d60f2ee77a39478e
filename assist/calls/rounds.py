"""Tasks of live calls: rounds of assistance that were put off. Three lines each; every one may run twice."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from assist.calls import assisting
from helpdesk.core.tasks import send_quietly

LEFT_BEHIND = timedelta(seconds=3)


@shared_task
def assist_in_call(session_id: str) -> None:
    """Think about what was put off in one call; what was said meanwhile waits its turn behind the other calls."""
    if assisting.catch_up(session_id):
        send_quietly(assist_in_call, session_id)


@shared_task
def assist_the_waiting() -> None:
    """Calls with words that nobody has thought about."""
    for session_id in assisting.waiting(LEFT_BEHIND):
        send_quietly(assist_in_call, str(session_id))
