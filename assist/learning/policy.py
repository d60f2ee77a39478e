"""What the engine may do by itself: bands of confidence for each action, as supervisors set them. A guess falls into one band."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

from django.utils import timezone

from assist.models import ActionPolicy, Prediction, ShadowSwitch
from helpdesk.core.models import User

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


class _Known(NamedTuple):
    read_at: float = float("-inf")
    policies: Mapping[str, Policy] = {}
    all_in_shadow: bool = False


_known = _Known()


def of(action: str) -> Policy:
    """The policy of an action, as it was set within the last seconds."""
    global _known  # noqa: PLW0603
    if time.monotonic() - _known.read_at > READ_EVERY:
        policies = {row.action: in_force(row) for row in ActionPolicy.objects.all()}
        _known = _Known(time.monotonic(), policies, ShadowSwitch.objects.filter(on=True).exists())
    found = _known.policies.get(action) or default(action)
    return replace(found, mode=ActionPolicy.Mode.SHADOW) if _known.all_in_shadow and found.mode != ActionPolicy.Mode.OFF else found


def in_force(row: ActionPolicy) -> Policy:
    """With the measured bars, where they are wanted and there are any."""
    act_from, propose_from = row.measured_act_from, row.measured_propose_from
    if not row.by_measure or act_from is None or propose_from is None:
        act_from, propose_from = row.act_from, row.propose_from
    return Policy(row.action, row.mode, act_from, propose_from)


def default(action: str) -> Policy:
    return Policy(action, *ActionPolicy.DEFAULTS[action])


def rows() -> dict[str, ActionPolicy]:
    """The row of every action, as it was set; not saved yet, with our own values, where nobody has set one. One query."""
    kept = {row.action: row for row in ActionPolicy.objects.all()}
    return {action: kept.get(action) or ActionPolicy(**asdict(default(action))) for action in ActionPolicy.DEFAULTS}


def everything_in_shadow(*, on: bool, by: User) -> None:
    """Only predict and measure from now on, or go back to what each policy says."""
    ShadowSwitch.objects.update_or_create(pk=1, defaults={"on": on, "changed_by": by, "changed_at": timezone.now()})
    forget_here()


def forget_here() -> None:
    """Read anew at the next question."""
    global _known  # noqa: PLW0603
    _known = _Known()
