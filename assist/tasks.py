"""Tasks of the assistant. Three lines each: one call."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from assist.acd import receiving
from assist.calls import rounds
from assist.chat import remembering as chat_remembering
from assist.experiments import guarding
from assist.learning import bars, refreshing, remembering
from assist.triage import backlog, remaking
from helpdesk.core.tasks import send_quietly

# the worker finds tasks through this module; `remaking` says how tickets' vectors are made again
__all__ = ("forget_telephony_events", "remaking", "rounds", "take_up_telephony_events")


@shared_task
def take_up_telephony_events() -> None:
    receiving.sweep()


@shared_task
def forget_telephony_events() -> None:
    receiving.forget()


@shared_task
def refresh_what_was_learned() -> None:
    refreshing.refresh_in_a_process()


@shared_task
def remember_solved_tickets() -> None:
    remembering.remember_the_solved()


@shared_task
def work_on_batch(pk: str) -> None:
    """Some tickets of a backlog; the rest waits its turn behind what others asked for."""
    if backlog.work(UUID(pk)):
        send_quietly(work_on_batch, pk)


@shared_task
def batches_left_behind() -> None:
    for pk in backlog.left_behind():
        send_quietly(work_on_batch, str(pk))


@shared_task
def remember_quiet_chats() -> None:
    chat_remembering.remember_the_quiet()


@shared_task
def choose_bars() -> None:
    bars.refresh()


@shared_task
def watch_experiments() -> None:
    guarding.watch()
