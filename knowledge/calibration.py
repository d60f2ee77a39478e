"""From the raw confidence to how often an answer with it is right."""

from __future__ import annotations

from bisect import bisect_right

# (raw confidence, share of first answers that were right), by isotonic regression on the tuning parts of docs/evaluation.md, FAQ and
# conversations with and without solved cases in equal parts. The raw value was learned with off-topic questions and is therefore lower.
_CURVE = (
    (0.0, 0.02), (0.05, 0.1), (0.1, 0.2), (0.2, 0.36), (0.3, 0.43), (0.4, 0.5),
    (0.5, 0.63), (0.6, 0.75), (0.7, 0.79), (0.8, 0.85), (0.9, 0.94), (1.0, 0.995),
)  # fmt: skip


def probability(confidence: float) -> float:
    """How often an answer with this raw confidence is right: 0..1, straight lines between measured points."""
    confidence = min(1.0, max(0.0, confidence))
    upper = min(bisect_right(_CURVE, (confidence, 1.0)), len(_CURVE) - 1)
    (low, at_low), (high, at_high) = _CURVE[upper - 1], _CURVE[upper]
    return round(at_low + (at_high - at_low) * (confidence - low) / (high - low), 3)
