"""Meaning as vectors: one small door to whichever engine turns text into 384 numbers.

    vectors = get_embedder().embed(["I cannot sign in", "the invoice is wrong"])     # float32 (2, 384), each of length 1

Without configuration that is MiniLM on this machine; `EMBEDDING_BACKEND=openai` asks an OpenAI-compatible server.
Importing this package costs nothing: onnxruntime and openai are loaded at the first text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.core.signals import setting_changed

from helpdesk.core.errors import Unavailable

if TYPE_CHECKING:
    import numpy as np

__all__ = ("Embedder", "EmbeddingUnavailable", "get_embedder", "prepare")

Progress = Callable[[str, float], None]  # what is being done, and how much of the whole is done: 0..1


class EmbeddingUnavailable(Unavailable):
    """Meaning cannot be computed right now. Search may go on with words alone; an index waits and tries again."""

    code = "embedding-unavailable"


class Embedder(Protocol):
    """One engine. `name` stands beside every stored vector: vectors of two engines are never compared."""

    name: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of length 1, float32, shape (len(texts), dimensions). Raises EmbeddingUnavailable."""
        ...

    def prepare(self, progress: Progress | None = None) -> None:
        """Do now what the first text would otherwise wait for. Raises EmbeddingUnavailable."""
        ...


@cache
def get_embedder() -> Embedder:
    """The engine that the settings name. One per process; loads nothing yet."""
    if settings.EMBEDDING_BACKEND == "openai":
        from .openai import OpenAiEmbedder  # noqa: PLC0415 - the SDK takes 0.4 s to import

        return OpenAiEmbedder.from_settings()
    from .minilm import MiniLm  # noqa: PLC0415 - numpy and onnxruntime stay out of processes that never embed

    return MiniLm.from_settings()


def prepare(progress: Progress | None = None) -> None:
    """Build and load what the configured engine needs (the local model: about 5 s, once per data folder)."""
    get_embedder().prepare(progress)


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("EMBEDDING_", "OPENAI_")) or setting == "DATA_DIR":
        get_embedder.cache_clear()


setting_changed.connect(_forget)  # sent by tests' override_settings only
