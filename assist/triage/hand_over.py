"""What the person needs to know to whom an escalated ticket goes: level, reasons, and the matter in a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .escalate import Escalation
from .history import History
from .sentiment import Sentiment
from .similar import Similar
from .system_status import SystemStatus


@dataclass(frozen=True)
class HandOver:
    to: str = ""  # the level of the escalation; empty: it stays where it is
    briefing: tuple[str, ...] = ()


NOBODY = HandOver()


def brief(
    escalation: Escalation, *, issues: Sequence[str], mood: Sentiment, status: SystemStatus, alike: Sequence[Similar], history: History
) -> HandOver:
    """A line for each thing worth knowing; nothing that is not there."""
    if not escalation.escalate or escalation.level is None:
        return NOBODY
    lines = [
        *(f"Why: {reason}" for reason in escalation.reasons),
        *(f"The customer says: {issue}" for issue in issues),
        f"Mood: {mood.label.replace('_', ' ')}" + (", getting worse" if mood.trend == "declining" else ""),
        *(f"Possible cause: {link.reference}, {link.title}" for link in status.linked),
        *(f"Solved before: {one.ticket_id}, {one.subject}" for one in alike if "already solved" in one.why),
    ]
    if history.tickets:
        lines.append(
            f"Last 90 days: {history.tickets} tickets, {history.still_open} open, {history.unhappy} unhappy, {history.escalated} escalated"
        )
    return HandOver(escalation.level, tuple(lines))
