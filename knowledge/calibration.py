"""From the raw confidence, which only orders, to how often an answer with it is right."""

from __future__ import annotations

from bisect import bisect_right

# (raw confidence, share of first answers that were right): drawn by hand through the bands of engine.md section 3d, not fitted
_CURVE = ((0.0, 0.05), (0.2, 0.35), (0.3, 0.6), (0.4, 0.8), (0.5, 0.9), (0.6, 0.95), (0.8, 0.98), (1.0, 0.99))


def probability(confidence: float) -> float:
    """How often an answer with this raw confidence is right: 0..1, straight lines between measured points."""
    confidence = min(1.0, max(0.0, confidence))
    upper = min(bisect_right(_CURVE, (confidence, 1.0)), len(_CURVE) - 1)
    (low, at_low), (high, at_high) = _CURVE[upper - 1], _CURVE[upper]
    return round(at_low + (at_high - at_low) * (confidence - low) / (high - low), 3)
