"""Embeddings from any OpenAI-compatible server: EMBEDDING_BACKEND=openai, EMBEDDING_MODEL, OPENAI_API_KEY, OPENAI_BASE_URL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np
from django.conf import settings

from helpdesk.core.models.embedding import DIMENSIONS

from . import EmbeddingMisfit, EmbeddingUnavailable, Progress

if TYPE_CHECKING:
    from openai import OpenAI

DEFAULT_MODEL = "text-embedding-3-small"
BATCH = 96  # texts a request: below every known server's limit
MOST_CHARACTERS = 8_000  # about 2,000 tokens; servers refuse more than 8,191
SECONDS = 10.0  # a search waits for this; after it, words alone must do
REMEMBERED = 1024


class OpenAiEmbedder:
    """Asks for vectors of our length (`dimensions`), because the index has one fixed width."""

    dimensions = DIMENSIONS

    def __init__(self, client: OpenAI, model: str) -> None:
        self.name = f"openai:{model}"[:60]
        self._client = client
        self._model = model
        self._one = lru_cache(maxsize=REMEMBERED)(self._embed_one)

    @classmethod
    def from_settings(cls, model: str = "") -> Self:
        from openai import OpenAI  # noqa: PLC0415 - 0.4 s to import

        key = settings.OPENAI_API_KEY or "none"  # local servers want no key, the SDK wants a word
        client = OpenAI(api_key=key, base_url=settings.OPENAI_BASE_URL or None, timeout=SECONDS, max_retries=2)
        return cls(client, model or DEFAULT_MODEL)

    def prepare(self, progress: Progress | None = None) -> None:
        if progress:
            progress("Asking the embedding server", 0.0)
        self.embed(["ready"])
        if progress:
            progress("Ready", 1.0)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of length 1, float32 (n, 384). Raises EmbeddingUnavailable for every failure of the server."""
        if len(texts) == 1:
            return self._one(texts[0]).reshape(1, -1)
        parts = [self._ask(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.vstack(parts) if parts else np.empty((0, self.dimensions), np.float32)

    def _embed_one(self, text: str) -> np.ndarray:
        vector = self._ask([text])[0]
        vector.setflags(write=False)
        return vector

    def _ask(self, texts: Sequence[str]) -> np.ndarray:
        from openai import OpenAIError  # noqa: PLC0415

        cleaned = [text[:MOST_CHARACTERS].strip() or "." for text in texts]  # an empty text is an error there
        try:
            answer = self._client.embeddings.create(model=self._model, input=cleaned, dimensions=self.dimensions)
        except OpenAIError as error:
            raise EmbeddingUnavailable(f"The embedding server does not answer: {error}") from error
        ordered = sorted(answer.data, key=lambda item: item.index)
        return self._checked(np.array([item.embedding for item in ordered], np.float32), len(texts))

    def _checked(self, vectors: np.ndarray, expected: int) -> np.ndarray:
        if vectors.shape != (expected, self.dimensions):
            raise EmbeddingMisfit(
                f"{self._model} gave vectors of shape {vectors.shape}; {self.dimensions} numbers each are needed. "
                f"Set EMBEDDING_MODEL to one that knows `dimensions` (text-embedding-3-small does) or that makes {self.dimensions}."
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise EmbeddingUnavailable(f"{self._model} gave an empty vector.")
        return vectors / lengths
