"""What is learned from examples, once: kept in the process, then in a file and in the shared cache.

The file makes a start quick even when Redis was emptied; the cache spares other machines the work. Keys name the model and
a hash of the examples; changed examples make a new key, so nothing is ever invalidated.
"""

from __future__ import annotations

import hashlib
import json
import logging
import pickle
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.core.cache import cache as shared
from redis.exceptions import RedisError

from helpdesk.core.embeddings import get_embedder

log = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]
T = TypeVar("T")
DATA = Path(__file__).parent / "data"
A_MONTH = 30 * 24 * 3600
KEPT = 24  # values in this process; old versions of the categories fall out first
FILES_KEPT = 12  # about 1 MB each
SHAPE = 2  # raise it when a learned value is built or laid out in another way

_lock = threading.RLock()
_here: dict[str, Any] = {}


@cache
def data(name: str) -> Any:
    """One of the package's own data files."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def version_of(examples: object) -> str:
    """A name for exactly these examples."""
    text = json.dumps(examples, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def version_of_data(*names: str) -> str:
    return version_of([data(name) for name in names])


def learned(kind: str, version: str, build: Callable[[], T]) -> T:
    """The value that `build` makes of the examples of this version, with the present embedder. One thread builds, the others wait."""
    key = f"{kind}-{get_embedder().name}-{SHAPE}-{version}".replace("/", "_").replace(":", "_")
    if key in _here:
        return _here[key]
    with _lock:
        if key not in _here:
            value = _from_file(key)
            if value is None:
                value = _from_shared(key)
                if value is None:
                    value = build()
                    _to_shared(key, value)
                _to_file(kind, key, value)
            while len(_here) >= KEPT:
                _here.pop(next(iter(_here)))
            _here[key] = value
        return _here[key]


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "models" / "learned"


def _from_file(key: str) -> Any:
    try:
        return pickle.loads((_folder() / f"{key}.pickle").read_bytes())  # noqa: S301 - written below, into our own folder
    except FileNotFoundError:
        return None
    except Exception as error:  # a damaged file may raise anything; it is learned again and written anew
        log.warning("learned_file_unusable", extra={"key": key, "error": repr(error)})
        return None


def _to_file(kind: str, key: str, value: Any) -> None:
    """Put in place whole, and drop the oldest of its kind. A folder that cannot be written to costs the next start some seconds."""
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=_folder(), delete=False) as file:
            file.write(pickle.dumps(value))
        Path(file.name).replace(_folder() / f"{key}.pickle")
        for old in sorted(_folder().glob(f"{kind}-*.pickle"), key=lambda path: path.stat().st_mtime)[:-FILES_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("learned_not_kept", extra={"key": key, "error": repr(error)})


def _from_shared(key: str) -> Any:
    try:
        return shared.get(f"triage:{key}")
    except (RedisError, OSError) as error:
        log.warning("cache_unavailable", extra={"error": repr(error)})
        return None


def _to_shared(key: str, value: Any) -> None:
    try:
        shared.set(f"triage:{key}", value, A_MONTH)
    except (RedisError, OSError) as error:
        log.warning("cache_unavailable", extra={"error": repr(error)})


@dataclass(frozen=True)
class Linear:
    """A fitted logistic regression, predicted with numpy: 3 us against 75 us, and no scikit-learn in the web process."""

    labels: tuple[str, ...]
    weights: Vectors  # (labels, features)
    bias: Vectors  # (labels,)

    def probabilities(self, features: Vectors) -> Vectors:
        """(n, features) -> (n, labels); rows add up to one."""
        scores = features @ self.weights.T + self.bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)


def fit(features: Vectors, labels: Sequence[str], *, strength: float, sample_weights: Sequence[float] | None = None) -> Linear:
    """Fit a multinomial logistic regression. Needs at least three different labels."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - 0.9 s to import, needed only to fit

    model = LogisticRegression(C=strength, max_iter=400).fit(features, list(labels), sample_weight=sample_weights)
    return Linear(tuple(map(str, model.classes_)), model.coef_.astype(np.float32), model.intercept_.astype(np.float32))


def balanced(labels: Sequence[str]) -> list[float]:
    """Weights under which every label counts the same, however many examples it has."""
    many = Counter(labels)
    return [len(labels) / (len(many) * many[label]) for label in labels]
