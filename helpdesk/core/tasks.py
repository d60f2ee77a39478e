"""Tasks of the event spine. Three lines each: an id in, one call."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.core.cache import cache
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from . import absence, events
from .audit import chain
from .embeddings import switching
from .llm import ledger
from .models import IdempotencyRecord, OneTimeToken, Receipt

log = logging.getLogger(__name__)

HEARTBEAT_KEY = "worker-heartbeat"


@shared_task
def dispatch(event_id: int) -> None:
    events.dispatch(event_id)


@shared_task
def handle(receipt_id: int) -> None:
    events.run(receipt_id)


@shared_task
def ask_model(receipt_id: int) -> None:
    events.run(receipt_id)


@shared_task
def sweep_events() -> None:
    events.sweep()


@shared_task
def forget_old_traces() -> None:
    """Idempotency answers are kept for 24 h (contract); receipts that are done, for a week; spent socket tickets not at all;
    what was said to language models, for a month."""
    now = timezone.now()
    passing = (OneTimeToken.Purpose.SOCKET, OneTimeToken.Purpose.CUSTOMER, OneTimeToken.Purpose.VISIT)
    OneTimeToken.objects.filter(purpose__in=passing, expires_at__lt=now).delete()
    IdempotencyRecord.objects.filter(created_at__lt=now - timedelta(hours=24)).delete()
    Receipt.objects.filter(done_at__lt=now - timedelta(days=7)).delete()
    ledger.forget_texts()


@shared_task
def seal_audit() -> None:
    chain.seal()


@shared_task
def anchor_audit() -> None:
    """The newest link into the log, which is kept elsewhere: what is cut off the chain later, is missed."""
    chain.seal(everywhere=True)
    head = chain.head()
    log.info("audit_head", extra={"seq": head.seq, "hash": head.hash})


def send_quietly(task: Task, *args: Any, countdown: float = 0) -> None:
    """Ask for a task; when the broker is away say so in the log and go on: a sweep finds what was not asked for."""
    if absence.redis.is_away():
        return
    try:
        task.apply_async(args, countdown=countdown, retry=False)
    except (KombuError, RedisError, OSError) as error:
        absence.redis.did_not_answer()
        log.warning("broker_unavailable", extra={"task": task.name, "error": repr(error)})


@shared_task
def change_embeddings() -> None:
    switching.go_on()


@shared_task
def heartbeat() -> None:
    """Tell /health that scheduler, broker and worker are alive: this task ran through all three."""
    cache.set(HEARTBEAT_KEY, timezone.now().isoformat(), timeout=300)
