"""Whether the customer is asked how it went once the ticket is solved."""

from __future__ import annotations

from dataclasses import dataclass

AFTER_HOURS = 24  # hours after the ticket was solved: long enough to see whether the solution holds
NOT_ASKED = frozenset(("legal", "security"))  # levels of escalation at which a question of satisfaction is out of place


@dataclass(frozen=True)
class FollowUp:
    due: bool = False
    after_hours: int = AFTER_HOURS
    why: str = ""


NONE = FollowUp()


def plan(category: str, level: str | None) -> FollowUp:
    if level in NOT_ASKED:
        return FollowUp(why=f"Not asked: the ticket goes to {level}")
    if category == "feedback":
        return FollowUp(why="Not asked: the customer has just told us")
    return FollowUp(due=True, why=f"Asked {AFTER_HOURS} hours after the ticket is solved")
