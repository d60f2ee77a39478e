"""What a visitor wants: an act (fine: what is to be done) and with it the contract's intent (coarse: what is told to others).

Plain forms are read by their words; the rest by likeness to the example phrases in `data/acts.json`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from assist.triage.learned import Linear, Vectors, balanced, fit, learned, version_of
from helpdesk.core.embeddings import get_embedder

from .patterns import data, pattern

STRENGTH = 8.0  # inverse regularisation
SURE = 0.3  # of thirteen acts; below that the form of the sentence decides
FEW_WORDS = 3

INTENTS = {
    "question": "question",
    "problem": "question",
    "create_ticket": "request",
    "ticket_status": "request",
    "my_tickets": "request",
    "update_ticket": "request",
    "account": "request",
    "human": "request",
    "complaint": "complaint",
    "greeting": "greeting",
    "feedback": "feedback",
    "goodbye": "goodbye",
    "other": "other",
}
REQUESTS = tuple(act for act, intent in INTENTS.items() if intent == "request")


@dataclass(frozen=True)
class Intent:
    act: str
    confidence: float

    @property
    def name(self) -> str:
        return INTENTS[self.act]


ACTS_BY_FORM = ("human", "create_ticket", "update_ticket", "my_tickets", "ticket_status", "account", "goodbye", "feedback", "greeting")
A_FEW = 12  # words around a ticket's number that ask how far it is
_TICKET = re.compile(r"\bTKT-\d{8}-\d+", re.IGNORECASE)
_HOW = re.compile(r"^(?:and |so |but )?(?:how|where|why|when) ", re.IGNORECASE)  # asks how it is done, and not that we do it
_WORD = re.compile(r"[^\W\d_]{2,}")


def without_greeting(text: str) -> str:
    """What is said after the hello; a hello alone stays."""
    rest = pattern("opening hello").sub("", text.strip(), count=1)
    return rest if _WORD.search(rest) else text.strip()


def read(text: str, vector: Vectors | None = None) -> Intent:
    """What `text` wants. `vector` is of the text without its greeting; None where nothing reads its language."""
    said = without_greeting(text)[:1000]
    for act in ACTS_BY_FORM:
        if pattern(f"act.{act}").search(said):
            return Intent(act, 0.95)
    if _TICKET.search(said) and len(said.split()) <= A_FEW:
        return Intent("ticket_status", 0.8)
    if not _WORD.search(said):
        return Intent("other", 0.9)
    guess = _alike(vector) if vector is not None else None
    if guess is not None and guess.act == "feedback" and pattern("asks").search(said):
        return Intent("question", guess.confidence)
    if guess is not None and guess.confidence >= SURE and not (guess.act in REQUESTS and _HOW.search(said)):
        return guess
    return _by_form(said)


def _by_form(said: str) -> Intent:
    if pattern("asks").search(said):
        return Intent("question", 0.5)
    return Intent("other" if len(_WORD.findall(said)) < FEW_WORDS else "problem", 0.4)


def _alike(vector: Vectors) -> Intent:
    model = classifier()
    shares = model.probabilities(np.asarray(vector, dtype=np.float32).reshape(1, -1))[0]
    best = int(shares.argmax())
    return Intent(model.labels[best], round(float(shares[best]), 3))


def classifier() -> Linear:
    """What the example phrases teach. Raises EmbeddingUnavailable."""
    return learned("chat-acts", version_of(examples()), _taught)


@cache
def examples() -> dict[str, list[str]]:
    found: dict[str, list[str]] = data("acts")
    return found


def _taught() -> Linear:
    rows = [(text, act) for act, texts in examples().items() for text in texts]
    labels = [act for _text, act in rows]
    vectors = np.asarray(get_embedder().embed([without_greeting(text) for text, _act in rows]), dtype=np.float32)
    return fit(vectors, labels, strength=STRENGTH, sample_weights=balanced(labels))
