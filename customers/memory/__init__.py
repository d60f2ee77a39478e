"""Customers' memory: `observe`, `recall`, `infuse`, facts with two times, and the consent that all of it needs (contract section 5)."""

from .consent import ConsentRequired, allows, grant, revoke
from .facts import Source, correct, end, facts, learn
from .infusing import infuse
from .keeping import export, forget, timeline
from .observing import Observed, observe
from .recalling import Query, Recalled, rate, recall

__all__ = (
    "ConsentRequired",
    "Observed",
    "Query",
    "Recalled",
    "Source",
    "allows",
    "correct",
    "end",
    "export",
    "facts",
    "forget",
    "grant",
    "infuse",
    "learn",
    "observe",
    "rate",
    "recall",
    "revoke",
    "timeline",
)
