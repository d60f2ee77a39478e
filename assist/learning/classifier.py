"""One classifier for every field: regression on embeddings, the nearest examples, and words, mixed by how much there is to learn from.

`teach` fits (scikit-learn, in the worker); `Taught` predicts (numpy, anywhere) and goes into the database as bytes. The parts and their
shares were measured on banking77: engine.md section 4 and docs/evaluation.md.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assist.triage.learned import Linear, Vectors, fit

from . import words

STRENGTH = 60.0  # inverse regularisation of the regression
STRENGTH_OF_WORDS = 0.5
MARGIN = 4.0  # softmax over 4 x the SVM's margins
NEIGHBOURS = 10
SHARPNESS = 20.0  # of a neighbour's vote: exp(20 * (cosine - 1))
MANY = 30.0  # examples a label from which neighbours are heard in full: with three, regression and words alone are better
OF_NEIGHBOURS, OF_WORDS = 0.25, 0.4  # of the whole, when there are many; the regression has the rest
FEWEST_LABELS = 3

Shares = npt.NDArray[np.float64]


class Example(NamedTuple):
    text: str
    label: str
    weight: float = 1.0


class Neighbour(NamedTuple):
    closeness: float  # cosine
    label: str
    weight: float = 1.0


@dataclass(frozen=True)
class Taught:
    """What was learned. `labels` are in the order of every share."""

    linear: Linear
    words: npt.NDArray[np.float16]  # (labels, words.PLACES)
    words_bias: npt.NDArray[np.float32]  # (labels,)
    rare: npt.NDArray[np.float32]  # (words.PLACES,)
    per_label: float  # examples a label, on average

    @property
    def labels(self) -> tuple[str, ...]:
        return self.linear.labels

    def shares(self, vector: Vectors, text: str, neighbours: Sequence[Neighbour]) -> Shares:
        """How likely each label is: (labels,), adding up to one. `vector` is (384,) of length 1; `neighbours` the nearest, best first."""
        heard = min(1.0, self.per_label / MANY)
        of_neighbours = OF_NEIGHBOURS * heard if neighbours else 0.0
        mixed = (1 - of_neighbours - OF_WORDS) * self.linear.probabilities(vector.reshape(1, -1))[0] + OF_WORDS * self._by_words(text)
        if of_neighbours:
            mixed = mixed + of_neighbours * votes(self.labels, neighbours)
        return np.asarray(mixed / mixed.sum())

    def _by_words(self, text: str) -> Shares:
        row = words.places_of(text)
        scores = self.words[:, row].astype(np.float32) @ words.weights_of(row, self.rare) + self.words_bias
        raised = np.exp(MARGIN * (scores - scores.max()))
        return np.asarray(raised / raised.sum(), np.float64)

    def to_bytes(self) -> bytes:
        out = io.BytesIO()
        np.savez_compressed(
            out,
            labels=np.frombuffer(json.dumps(self.labels).encode(), np.uint8),
            weights=self.linear.weights,
            bias=self.linear.bias,
            words=self.words,
            words_bias=self.words_bias,
            rare=self.rare,
            per_label=np.array(self.per_label),
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Taught:
        with np.load(io.BytesIO(stored), allow_pickle=False) as parts:
            labels = tuple(json.loads(parts["labels"].tobytes()))
            linear = Linear(labels, parts["weights"], parts["bias"])
            return cls(linear, parts["words"], parts["words_bias"], parts["rare"], float(parts["per_label"]))


def votes(labels: Sequence[str], neighbours: Sequence[Neighbour]) -> Shares:
    """The nearest ten, each by its closeness and weight: (labels,), adding up to one (all zero when none of them is known)."""
    place = {label: at for at, label in enumerate(labels)}
    found = np.zeros(len(labels))
    known = [one for one in sorted(neighbours, key=lambda one: -one.closeness) if one.label in place][:NEIGHBOURS]
    for one in known:
        found[place[one.label]] += one.weight * np.exp(SHARPNESS * (one.closeness - 1))
    return found / found.sum() if known else found


def teach(examples: Sequence[Example], vectors: Vectors) -> Taught | None:
    """Fit all parts. `vectors` is (examples, 384), row for row. None when there are fewer than three labels to tell apart."""
    labels = [example.label for example in examples]
    if len(set(labels)) < FEWEST_LABELS:
        return None
    usual = sum(example.weight for example in examples) / len(examples)
    weights = [example.weight / usual for example in examples]  # on average one: how heavy all are together is the regularisation's matter
    linear = fit(vectors, labels, strength=STRENGTH, sample_weights=weights)
    rows = [words.places_of(example.text) for example in examples]
    rare = words.rarity(rows)
    coefficients, bias = _fit_words(rows, rare, [linear.labels.index(label) for label in labels], weights)
    return Taught(linear, coefficients, bias, rare, len(examples) / len(linear.labels))


def _fit_words(
    rows: Sequence[words.Places], rare: npt.NDArray[np.float32], places: Sequence[int], weights: Sequence[float]
) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float32]]:
    """A linear SVM, one label against the rest."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - needed only to fit
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    data = np.concatenate([words.weights_of(row, rare) for row in rows])
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    matrix = csr_matrix((data, np.concatenate(rows), starts), shape=(len(rows), words.PLACES))
    model = LinearSVC(C=STRENGTH_OF_WORDS).fit(matrix, list(places), sample_weight=list(weights))
    return model.coef_.astype(np.float16), model.intercept_.astype(np.float32)
