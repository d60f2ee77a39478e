"""The task that thinks about calls whose words were put off. It may be asked for by many and run twice."""

from __future__ import annotations

import time

from celery import shared_task

from assist.calls import backlog
from helpdesk.core.tasks import send_quietly

_on_its_way = 0.0  # when the last round that this process asked for begins, by its own clock


@shared_task
def assist_the_waiting() -> None:
    """Think about every call that waits. What is due later is asked for again; so is the rest, behind other tasks."""
    if (seconds := backlog.work_off()) is not None:
        ask(seconds)


def ask(seconds: float = 0.0) -> None:
    """Have a round begin in so many seconds; nothing to do where one is on its way that begins before."""
    global _on_its_way  # noqa: PLW0603 - one number per process; two threads at once ask twice, which harms nobody
    now = time.monotonic()
    if not now < _on_its_way <= now + seconds:
        _on_its_way = now + seconds
        send_quietly(assist_the_waiting, countdown=seconds)
