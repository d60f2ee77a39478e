"""What the engine may do by itself: bands of confidence for each action, as supervisors set them. A guess falls into one band."""

from __future__ import annotations

import time
from dataclasses import dataclass

from assist.models import ActionPolicy, Prediction

READ_EVERY = 3.0  # seconds: a change reaches every process within that


@dataclass(frozen=True)
class Policy:
    action: str
    mode: str
    act_from: float
    propose_from: float

    def band(self, confidence: float) -> str:
        """Into which band a guess falls, whatever the mode: what would be done if it were on."""
        if confidence >= self.act_from:
            return Prediction.Band.ACT
        return Prediction.Band.PROPOSE if confidence >= self.propose_from else Prediction.Band.IGNORE

    def may_act(self, confidence: float) -> bool:
        return self.mode == ActionPolicy.Mode.ON and confidence >= self.act_from

    def may_propose(self, confidence: float) -> bool:
        return self.mode in (ActionPolicy.Mode.ON, ActionPolicy.Mode.PROPOSE) and confidence >= self.propose_from

    @property
    def in_shadow(self) -> bool:
        return self.mode == ActionPolicy.Mode.SHADOW


_read_at = 0.0
_rows: dict[str, Policy] = {}


def of(action: str) -> Policy:
    """The policy of an action, as it was set within the last seconds."""
    global _read_at, _rows
    if time.monotonic() - _read_at > READ_EVERY:
        rows = ActionPolicy.objects.values_list("action", "mode", "act_from", "propose_from")
        _rows, _read_at = {row[0]: Policy(*row) for row in rows}, time.monotonic()
    return _rows.get(action) or default(action)


def default(action: str) -> Policy:
    return Policy(action, *ActionPolicy.DEFAULTS[action])


def forget_here() -> None:
    """Read anew at the next question."""
    global _read_at  # noqa: PLW0603
    _read_at = 0.0
