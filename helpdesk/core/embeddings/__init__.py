"""Meaning as vectors: one small door to whichever engine turns text into 384 numbers.

    vectors = get_embedder().embed(["I cannot sign in", "the invoice is wrong"])     # float32 (2, 384), each of length 1

Without configuration that is MiniLM on this machine; `EMBEDDING_BACKEND=openai` asks an OpenAI-compatible server.
Importing this package costs nothing: onnxruntime and openai are loaded at the first text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.core.signals import setting_changed

from helpdesk.core.errors import Unavailable

if TYPE_CHECKING:
    import numpy as np

__all__ = ("Embedder", "EmbeddingMisfit", "EmbeddingUnavailable", "engine", "get_embedder", "prepare", "using")

Progress = Callable[[str, float], None]  # what is being done, and how much of the whole is done: 0..1


_instead: ContextVar[Embedder | None] = ContextVar("embedder", default=None)


class EmbeddingUnavailable(Unavailable):
    """Meaning cannot be computed right now. Search may go on with words alone; an index waits and tries again."""

    code = "embedding-unavailable"


class EmbeddingMisfit(EmbeddingUnavailable):
    """The engine answers, but its vectors do not fit: waiting does not help, another setting does."""


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


def get_embedder() -> Embedder:
    """The engine that serves: the one of the settings, or the one before it until everything is there under the new one.

    `using` puts another one in its place. One per process; loads nothing yet.
    """
    chosen = _instead.get()
    if chosen is not None:
        return chosen
    wanted = engine(settings.EMBEDDING_BACKEND, settings.EMBEDDING_MODEL)
    if not settings.EMBEDDING_PREVIOUS:
        return wanted
    from . import switching  # noqa: PLC0415 - it reads the database, and only while engines change

    return wanted if switching.is_ready(wanted.name) else engine_of(settings.EMBEDDING_PREVIOUS)


def engine_of(name: str) -> Embedder:
    """The engine of a name as people write it: `local`, `openai`, `openai:MODEL`. Raises ValueError for another backend."""
    backend, _, model = name.partition(":")
    if backend not in ("local", "openai"):
        raise ValueError("Name local, openai or openai:MODEL.")
    return engine(backend, model)


@cache
def engine(backend: str, model: str = "") -> Embedder:
    """The engine of a backend (`local` or `openai`), with this model or the backend's own."""
    if backend == "openai":
        from .openai import OpenAiEmbedder  # noqa: PLC0415 - the SDK takes 0.4 s to import

        return OpenAiEmbedder.from_settings(model)
    from .minilm import MiniLm  # noqa: PLC0415 - numpy and onnxruntime stay out of processes that never embed

    return MiniLm.from_settings()


@contextmanager
def using(embedder: Embedder) -> Iterator[None]:
    """Within the block everything is embedded by this engine: so a second one is made ready while the first still serves everybody else."""
    token = _instead.set(embedder)
    try:
        yield
    finally:
        _instead.reset(token)


def prepare(progress: Progress | None = None) -> None:
    """Build and load what the configured engine needs (the local model: about 5 s, once per data folder).

    While engines change, the next one is tried too: that its vectors fit must not turn out hours later.
    """
    serving, coming = get_embedder(), engine(settings.EMBEDDING_BACKEND, settings.EMBEDDING_MODEL)
    serving.prepare(progress)
    if coming is not serving:
        coming.prepare(progress)


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("EMBEDDING_", "OPENAI_")) or setting == "DATA_DIR":
        engine.cache_clear()


setting_changed.connect(_forget)  # sent by tests' override_settings only
