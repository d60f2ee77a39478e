"""Circumstances that rules ask about: an outage, blocked work, a legal threat. Found by words or by meaning (`data/signals.json`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from helpdesk.core.embeddings import get_embedder

from . import foreign
from .learned import Vectors, data, learned, version_of_data
from .reading import Reading


@dataclass(frozen=True)
class Signals:
    """Each circumstance found, with the words that show it."""

    found: dict[str, str] = field(default_factory=dict)

    def any(self, *names: str) -> bool:
        return any(name in self.found for name in names)


def find(reading: Reading, *, language: str = foreign.READ_BY_MODEL) -> Signals:
    """Search the newest message; a pattern wins over a likeness because it can be quoted exactly.

    A likeness is believed only in the language that the model reads: a German outage once looked like a lawsuit.
    """
    found = foreign.signals(reading.latest, language) if foreign.is_foreign(language) else dict(_alike(reading))
    for name, patterns in _patterns().items():
        match = next((hit for pattern in patterns if (hit := pattern.search(reading.latest))), None)
        if match:
            found[name] = match.group(0).strip()
    return Signals(found)


def _alike(reading: Reading) -> list[tuple[str, str]]:
    """Sentences that mean what one of a signal's examples means."""
    if reading.sentence_vectors is None or not len(reading.sentence_vectors):
        return []
    found = []
    for name, vectors in examples().items():
        likeness = reading.sentence_vectors @ vectors.T  # (sentences, examples)
        if float(likeness.max()) >= data("signals")[name]["threshold"]:
            found.append((name, reading.sentences[int(likeness.max(axis=1).argmax())]))
    return found


def examples() -> dict[str, Vectors]:
    """Each signal's example sentences as vectors. Raises EmbeddingUnavailable."""
    return learned("signals", version_of_data("signals"), _embedded)


def _embedded() -> dict[str, Vectors]:
    embedder = get_embedder()
    return {name: np.asarray(embedder.embed(row["examples"]), np.float32) for name, row in data("signals").items() if row["examples"]}


@cache
def _patterns() -> dict[str, list[re.Pattern[str]]]:
    rows: dict[str, Any] = data("signals")
    return {name: [re.compile(pattern, re.IGNORECASE | re.DOTALL) for pattern in row["patterns"]] for name, row in rows.items()}
