"""Ingest: the words are cut into sentences and embedded, once, for every step that follows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder

from .case import Case
from .learned import Vectors

MOST_SENTENCES = 14  # embedded one by one; a longer message says what it wants in its first and last sentences
LONGEST_SENTENCE = 240  # characters
LONGEST_TEXT = 1_200  # characters: about the 256 tokens that the model reads, and what search reads of a question

_BREAK = re.compile(r"(?<=[.!?。！？؟])\s+(?=\S)|\n+")
_COURTESY = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|thanks|thank you|many thanks|regards"
    r"|(?:kind|best|warm) (?:regards|wishes)"
    r"|sincerely|cheers|yours|sent from|-- ?)(?:\b|$)[^.!?]{0,40}[.,!:;]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reading:
    """A text made ready. `vector` and `sentence_vectors` are None when no embedder answers: steps then use words alone."""

    text: str  # subject and what the customer said so far
    latest: str  # the newest message alone, with the subject when it opened the ticket
    sentences: tuple[str, ...]  # of the newest message, subject first
    vector: Vectors | None = None  # (384,)
    latest_vector: Vectors | None = None  # (384,)
    sentence_vectors: Vectors | None = None  # (sentences, 384)
    error: str = ""

    def shown(self) -> dict[str, object]:
        """What a person may want to see of it on the run's page; not the vectors."""
        return {"sentences": list(self.sentences), "embedded": self.vector is not None, "error": self.error}


def read(case: Case) -> Reading:
    """Cut and embed. An embedder that is away is noted in `error`, never raised."""
    plain = without_vectors(case)
    try:
        embedder = get_embedder()
        whole = embedder.embed([plain.text])[0]  # alone: the embedder remembers single texts, so search does not embed it again
        latest = embedder.embed([plain.latest])[0] if plain.latest != plain.text else whole
        parts = embedder.embed(plain.sentences)
    except EmbeddingUnavailable as error:
        return replace(plain, error=str(error) or "the embedder does not answer")
    return replace(plain, vector=whole, latest_vector=latest, sentence_vectors=np.asarray(parts, dtype=np.float32))


def without_vectors(case: Case) -> Reading:
    """The words alone."""
    latest = (
        case.body.strip() if case.earlier else ". ".join(part for part in (case.subject.strip().rstrip("."), case.body.strip()) if part)
    )
    said = [turn.text.strip() for turn in case.earlier] + [case.body.strip()]
    whole = ". ".join(part for part in (case.subject.strip().rstrip("."), *said) if part)
    return Reading(_fit(whole), _fit(latest), sentences_of(case.subject if not case.earlier else "", case.body))


def _fit(text: str) -> str:
    """One line of it, beginning and end: the request stands in the first words or in the last."""
    text = " ".join(text.split())
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[: LONGEST_TEXT * 2 // 3 - 1]} {text[-(LONGEST_TEXT // 3) :]}"


def sentences_of(subject: str, body: str) -> tuple[str, ...]:
    """Sentences without greetings and signatures' courtesies, at most MOST_SENTENCES of them, subject first."""
    found = [part.strip()[:LONGEST_SENTENCE] for part in _BREAK.split(body[:20_000])]
    found = [part for part in found if len(part) > 2 and not _COURTESY.match(part)]  # noqa: PLR2004 - "ok" says nothing
    if len(found) > MOST_SENTENCES - 1:
        found = [*found[: MOST_SENTENCES - 4], *found[-3:]]
    return tuple(dict.fromkeys(part for part in (subject.strip()[:LONGEST_SENTENCE], *found) if part))
