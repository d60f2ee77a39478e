"""Tasks of the knowledge base. Three lines each: one call."""

from __future__ import annotations

from celery import shared_task

from helpdesk.core.embeddings import EmbeddingUnavailable

from . import indexing


@shared_task(autoretry_for=(EmbeddingUnavailable,), retry_backoff=True, max_retries=3)
def index_the_forgotten() -> None:
    indexing.catch_up()
