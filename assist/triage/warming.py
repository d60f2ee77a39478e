"""Getting ready before the first ticket: what is learned from examples is written to files, then everything is used once."""

from __future__ import annotations

import logging

from django.db import connections

from helpdesk.core.embeddings import EmbeddingUnavailable
from knowledge.categories import known_categories
from tickets.models import Ticket

from . import categorise, sentiment, signals
from .case import Case
from .pipeline import Scope, analyse

log = logging.getLogger(__name__)

SAMPLE = Case(subject="A question about our last invoice", body="Could you tell me when it was sent? I cannot find it in our records.")


def learn() -> None:
    """Fit whatever has no file yet (8 s the first time, milliseconds after). Raises EmbeddingUnavailable.

    To be called in a process that ends: scikit-learn costs 90 MB, and nobody needs it who finds the files.
    """
    sentiment.classifier()
    signals.examples()
    categorise.classifier_of(known_categories())


def warm() -> None:
    """Load the model and use every step once, so that the first ticket waits for nothing. For a thread of a worker's own."""
    try:
        learn()
        errors = analyse(SAMPLE, scope=Scope(tickets=lambda _category: Ticket.objects.all(), threads=False)).errors
        log.info("triage_warm", extra={"errors": list(errors)})
    except EmbeddingUnavailable as error:  # tickets are then understood by words alone, and say so
        log.warning("triage_not_warm", extra={"error": str(error)})
    finally:
        connections.close_all()
