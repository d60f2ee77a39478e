"""Tasks of the knowledge base. Three lines each: one call."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from helpdesk.core.embeddings import EmbeddingUnavailable

from . import import_runs, indexing, reminding, search_log, spelling


@shared_task(autoretry_for=(EmbeddingUnavailable,), retry_backoff=True, max_retries=3)
def index_the_forgotten() -> None:
    indexing.catch_up()


@shared_task
def refresh_words() -> None:
    spelling.refresh()


@shared_task(acks_late=True)
def run_import(pk: str) -> None:
    import_runs.run(UUID(pk))


@shared_task
def forget_old_searches() -> None:
    search_log.forget_old()


@shared_task
def remind_owners() -> None:
    reminding.remind()
