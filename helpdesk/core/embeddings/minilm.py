"""The local engine: all-MiniLM-L6-v2, int8, by onnxruntime. About 1 ms of processor time for a short question.

Texts go through one at a time. The 8-bit scales are set by everything in a batch, padding included: in a batch the
same text came out as another vector (cosine down to .95), further from the original, and a processor gains nothing by
batches of this model (tests/benchmarks/test_embedding.py). Alone, a text always has the same vector.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from django.conf import settings

from . import EmbeddingUnavailable, Progress
from .model_file import BUILD, ModelFiles, ensure

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

log = logging.getLogger(__name__)

MOST_TOKENS = 256  # what the model was trained to read; the rest of a longer text is not seen
REMEMBERED = 1024  # single texts kept with their vectors, 1.5 kB each: a ticket or a call asks for the same text repeatedly

# tokenizers brings huggingface-hub along and threads that do not survive a fork
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


class _Loaded(NamedTuple):
    session: InferenceSession
    tokenizer: Tokenizer


class MiniLm:
    """Thread-safe. Loads at the first text, and again in a forked child: onnxruntime's threads stay in the parent."""

    name = BUILD
    dimensions = 384

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.folder = folder
        self.threads = threads
        self._lock = Lock()
        self._loaded: _Loaded | None = None
        self._left: list[_Loaded | None] = []
        self._one = lru_cache(maxsize=REMEMBERED)(self._embed_one)
        os.register_at_fork(after_in_child=self._forget)

    @classmethod
    def from_settings(cls) -> Self:
        folder = Path(settings.DATA_DIR) / "models"
        return cls(folder, threads=settings.EMBEDDING_THREADS)

    def prepare(self, progress: Progress | None = None) -> None:
        self._load(progress)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of length 1, float32 (n, 384), in the order of `texts`; only the first 256 tokens of a text count."""
        if len(texts) == 1:
            return self._one(texts[0]).reshape(1, -1)
        return self._embed_many(texts)

    def _embed_one(self, text: str) -> np.ndarray:
        vector = self._embed_many([text])[0]
        vector.setflags(write=False)  # it is shared by everyone who asks for this text again
        return vector

    def _embed_many(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        if not len(texts):
            return vectors
        engine = self._load()
        for row, text in enumerate(texts):
            vectors[row] = engine.session.run(["embedding"], _inputs(engine.tokenizer.encode(_readable(text))))[0][0]
        return vectors

    def _load(self, progress: Progress | None = None) -> _Loaded:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = _open(ensure(self.folder, progress), self.threads)
        return self._loaded

    def _forget(self) -> None:
        self._lock = Lock()  # another thread of the parent may have held the old one at the fork
        self._left.append(self._loaded)  # to end it would be to wait for threads that are not here
        self._loaded = None


def _open(files: ModelFiles, threads: int) -> _Loaded:
    try:
        import onnxruntime  # noqa: PLC0415 - 68 MB, and only processes that embed pay for it
        from tokenizers import Tokenizer  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a thread that waits leaves the core to others
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(files.graph, options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(files.tokenizer))
    except Exception as error:  # onnxruntime's and tokenizers' errors share no base but this
        log.exception("embedding_model_unusable", extra={"file": str(files.graph)})
        raise EmbeddingUnavailable(f"The language model cannot be loaded: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    return _Loaded(session, tokenizer)


def _readable(text: str) -> str:
    """At most what 256 tokens can hold (a megabyte of mail would be tokenised in full), without lone surrogates."""
    return text[: MOST_TOKENS * 40].encode("utf-8", "ignore").decode()


def _inputs(encoding: Encoding) -> dict[str, Any]:
    ids = np.array([encoding.ids], np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}
