"""Tasks of the assistant. Three lines each: one call."""

from __future__ import annotations

from celery import shared_task

from assist.acd import receiving
from assist.calls import rounds
from assist.learning import refreshing, remembering
from assist.triage import remaking  # noqa: F401 - registers how tickets' vectors are made again

__all__ = ("forget_telephony_events", "rounds", "take_up_telephony_events")  # the worker finds tasks through this module


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
