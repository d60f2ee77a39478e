"""The live-call story, step by step: what the customer said → what it is about → what to look up → what was found → what to ask.

Nothing is written here and no transaction is held: `assisting` reads before and writes after. Each step is timed; a failing
one is noted and the next goes on with what there is. This is also what `manage.py evaluate assist` measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from assist.triage.steps import Job, Recorder, Step

from . import analyse, clarify, mood, queries, retrieve
from .analyse import Analysis
from .clarify import Clarification
from .queries import Queries
from .retrieve import Retrieved, Scope
from .window import Window

ACTIONS = {
    "context_analyzer": "analyze_context",
    "query_formulation": "formulate_queries",
    "retrieval": "search_knowledge",
    "clarification": "generate_questions",
    "sentiment": "follow_mood",
}


@dataclass(frozen=True)
class Thought:
    """What the four agents made of a call so far."""

    analysis: Analysis
    queries: Queries
    found: Retrieved
    clarification: Clarification
    mood: dict[str, Any]
    steps: tuple[Step, ...]
    searched: bool = True  # False: what was found earlier still stands

    def confidence_of(self, agent: str) -> float | None:
        """How sure an agent was, where it can say: 0..1."""
        return {
            "context_analyzer": self.analysis.confidence,
            "query_formulation": self.queries.confidence,
            "retrieval": self.found.best_article,
            "clarification": 1 - self.analysis.confidence,
        }.get(agent)


def think(window: Window, scope: Scope, mood_before: dict[str, Any], *, found_before: Retrieved | None = None) -> Thought:
    """`found_before`: what is known of this call already, when there is no time to look again."""
    record = Recorder()
    analysis = record.step("context_analyzer", lambda: analyse.analyse(window), analyse.NOTHING)
    feeling = Job("sentiment", lambda: mood.follow(mood_before, window), mood_before)
    asked, found = Queries(), found_before
    if found is None:
        asked = record.step("query_formulation", lambda: queries.formulate(window, analysis), Queries())
        looking = Job("retrieval", lambda: retrieve.retrieve(asked, analysis, scope), retrieve.NONE)
        found, felt = record.side_by_side(looking, feeling)  # while PostgreSQL looks, the mood is made out
    else:
        (felt,) = record.side_by_side(feeling)
    questions = record.step("clarification", partial(clarify.ask, window, analysis, found), clarify.NONE)
    return Thought(analysis, asked, found, questions, felt, tuple(record.steps), searched=found_before is None)
