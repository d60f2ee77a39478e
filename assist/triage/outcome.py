"""What is known about a ticket while a workflow runs over it: each step reads what earlier ones found and adds its own value.

A value that no step has given yet is the honest blank of its kind, so that later steps work with what there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from assist.learning import people, recalling
from tickets.models import Ticket

from . import (
    articles,
    categorise,
    contract,
    draft,
    entities,
    escalate,
    framing,
    hand_over,
    history,
    key_issues,
    language,
    personal,
    prioritise,
    reading,
    sentiment,
    signals,
    similar,
    system_status,
)
from . import follow_up as following
from .case import Case
from .rules import Edited, Facts
from .steps import Step


@dataclass(frozen=True)
class Scope:
    """What may be shown to whoever asks, and how the work is to be done."""

    viewer: Any = None  # for articles
    tickets: Callable[[str], QuerySet[Ticket]] | None = None  # which tickets may be shown as similar, given the category
    customer_id: UUID | None = None
    ticket_id: UUID | None = None  # what people said of this very ticket teaches nothing about it
    region: str | None = None  # for local phone numbers
    threads: bool = True  # independent steps side by side; a batch has its own workers
    workflow: str = ""  # by name; empty: the ticket's own nature decides
    frames: Callable[[Any, str, str], tuple[framing.Frame, ...]] | None = None  # macros that fit, given vector, category and language
    on_record: Callable[[str], tuple[personal.OnRecord, ...]] | None = None  # what is known of the customer, given their words


@dataclass
class Outcome:
    """Everything that was found out about a ticket."""

    case: Case
    scope: Scope
    reading: reading.Reading
    language: str = language.FALLBACK
    signals: signals.Signals = field(default_factory=signals.Signals)
    sentiment: sentiment.Sentiment = sentiment.UNKNOWN
    learned: recalling.Learned = recalling.NOTHING  # what people decided of tickets like this
    category: categorise.Categorised = categorise.UNKNOWN
    people: tuple[people.Suggested, ...] = ()  # a team and a colleague who solved tickets like this
    entities: entities.Entities = field(default_factory=entities.Entities)
    key_issues: tuple[str, ...] = key_issues.NONE
    priority: prioritise.Prioritised = prioritise.UNKNOWN
    knowledge: tuple[articles.Passage, ...] = ()
    status: system_status.SystemStatus = field(default_factory=system_status.SystemStatus)
    similar: tuple[similar.Similar, ...] = ()
    history: history.History = history.NONE
    reply: draft.Reply = field(default_factory=draft.Reply)
    escalation: escalate.Escalation = field(default_factory=escalate.Escalation)
    hand_over: hand_over.HandOver = hand_over.NOBODY
    follow_up: following.FollowUp = following.NONE
    rules: Edited = field(default_factory=Edited)
    workflow: str = "standard"
    routes: tuple[str, ...] = ()  # the ways taken where the workflow divides
    steps: tuple[Step, ...] = ()
    errors: tuple[str, ...] = ()
    total_ms: float = 0.0

    @property
    def facts(self) -> Facts:
        """What rules and routes ask about, as far as it is known."""
        return Facts(
            category=self.category.category,
            confidence=self.category.confidence,
            label=self.sentiment.label,
            urgency=self.sentiment.urgency,
            frustration=self.sentiment.frustration_score,
            trend=self.sentiment.trend,
            tier=self.case.tier,
            signals=frozenset(self.signals.found),
            priority=self.priority.priority,
            previous_turns=len(self.case.earlier),
        )

    def result(self) -> dict[str, Any]:
        """The JSON of contract section 4."""
        return contract.as_contract(self)
