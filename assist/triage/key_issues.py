"""The sentences that say what it is about."""

from __future__ import annotations

import re

import numpy as np

from .learned import Vectors
from .reading import Reading

MOST = 3
NONE: tuple[str, ...] = ()
ALIKE = 0.82  # cosine: two sentences that say the same
_TROUBLE = re.compile(
    r"\b(?:not|no(?!,)|never|can'?t|cannot|won'?t|doesn'?t|isn'?t|fail\w*|error|wrong|broken|missing"
    r"|lost|stop\w*|slow|twice|refund|please|could you|how|when|why|need|want|request)\b|\?",
    re.IGNORECASE,
)
_DETAIL = re.compile(r"\d|[A-Z]{2,}[-_]?\d|\"[^\"]+\"")
AS_GOOD = 0.08  # people name the matter first, and go into detail after
FULL_LENGTH = 60  # characters; a shorter sentence rarely tells the matter


def choose(reading: Reading) -> tuple[str, ...]:
    """Up to three sentences, in the order they were written: close to the whole, stating trouble or a wish, with detail."""
    chosen: list[int] = []
    for i in map(int, np.argsort(_scores(reading))[::-1]):
        if len(chosen) < MOST and not any(_same(reading.sentence_vectors, i, other) for other in chosen):
            chosen.append(i)
    return tuple(reading.sentences[i] for i in sorted(chosen))


def foremost(reading: Reading) -> str:
    """What a spoken matter, which has no subject, is called by: the first sentence that is about as good as the best. May be empty."""
    scores = _scores(reading)
    return next((reading.sentences[i] for i, score in enumerate(scores) if score >= max(scores) - AS_GOOD), "")


def _scores(reading: Reading) -> list[float]:
    return [_score(reading, i) for i in range(len(reading.sentences))]


def _score(reading: Reading, i: int) -> float:
    sentence = reading.sentences[i]
    central = (
        float(reading.sentence_vectors[i] @ reading.vector) if reading.sentence_vectors is not None and reading.vector is not None else 0.5
    )
    return (
        central
        + 0.2 * bool(_TROUBLE.search(sentence))
        + 0.1 * bool(_DETAIL.search(sentence))
        + 0.2 * min(1.0, len(sentence) / FULL_LENGTH)
        - 0.02 * i
    )


def _same(vectors: Vectors | None, one: int, other: int) -> bool:
    return vectors is not None and float(vectors[one] @ vectors[other]) >= ALIKE
