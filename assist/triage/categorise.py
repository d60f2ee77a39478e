"""What the ticket is about: logistic regression on embeddings and the nearest examples, mixed (engine.md section 7).

Examples are the categories' names, descriptions and example phrases, and whatever a source adds: agents' corrections count
from the next ticket on, because the nearest-example half sees them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from helpdesk.core.embeddings import get_embedder
from knowledge.categories import CategorySeed, known_categories

from .learned import Linear, Vectors, fit, learned
from .reading import Reading

Positions = npt.NDArray[np.intp]

STRENGTH = 10.0  # inverse regularisation
NEIGHBOURS = 10
SHARPNESS = 20.0  # of a neighbour's vote: exp(20 * (cosine - 1))
SHARPEN = 2.0  # the mixed shares are too modest: raised to this power they match how often they are right
FAMILIAR, STRANGE = 0.45, 0.2  # cosine to the nearest example: fully believed .. not at all
FALLBACK = "general"
NO_IDEA = 0.15  # confidence; a guess below is not worth naming, it becomes the first alternative


@dataclass(frozen=True)
class Example:
    text: str
    label: str  # a category's slug
    weight: float = 1.0


@dataclass(frozen=True)
class Categorised:
    category: str
    confidence: float  # 0..1
    alternatives: tuple[tuple[str, float], ...] = ()  # the next best, for a person to pick from
    why: str = ""


@dataclass(frozen=True)
class Classifier:
    model: Linear
    vectors: Vectors  # (examples, 384)
    labels: Positions  # (examples,) place in model.labels
    texts: tuple[str, ...]


UNKNOWN = Categorised(FALLBACK, 0.0)
Source = Callable[[], Sequence[Example]]
_sources: list[Source] = []


def add_source(source: Source) -> Source:
    """Let another module teach the classifier (agents' corrections). May be used as a decorator."""
    _sources.append(source)
    return source


def categorise(reading: Reading, categories: Sequence[CategorySeed] | None = None) -> Categorised:
    """The likeliest category. Without an embedder there is none: `general` with confidence 0."""
    if reading.vector is None:
        return UNKNOWN
    examples = examples_of(categories if categories is not None else known_categories())
    if len({example.label for example in examples}) < 3:  # noqa: PLR2004 - nothing to tell apart
        return UNKNOWN
    classifier = learned("categories", [asdict(example) for example in examples], lambda: _taught(examples))
    return predict(classifier, reading.vector)


def examples_of(categories: Sequence[CategorySeed]) -> list[Example]:
    """Every category's name with its description, its phrases, and what the sources add."""
    known = {category.slug for category in categories}
    own = [Example(f"{category.name}. {category.description}".strip(), category.slug) for category in categories]
    own += [Example(phrase, category.slug) for category in categories for phrase in category.examples]
    return own + [example for source in _sources for example in source() if example.label in known]


def _taught(examples: Sequence[Example]) -> Classifier:
    vectors = np.asarray(get_embedder().embed([example.text for example in examples]), np.float32)
    labels = [example.label for example in examples]
    model = fit(vectors, labels, strength=STRENGTH, sample_weights=[example.weight for example in examples])
    positions = np.array([model.labels.index(label) for label in labels])
    return Classifier(model, vectors, positions, tuple(example.text for example in examples))


def predict(classifier: Classifier, vector: Vectors) -> Categorised:
    """Mix both halves. `vector` is (384,) of length 1."""
    likeness = classifier.vectors @ vector
    shares = 0.5 * classifier.model.probabilities(vector.reshape(1, -1))[0] + 0.5 * _votes(classifier, likeness)
    shares = shares**SHARPEN / (shares**SHARPEN).sum()
    order = np.argsort(-shares)
    nearest = int(likeness.argmax())
    trust = float(np.clip((likeness[nearest] - STRANGE) / (FAMILIAR - STRANGE), 0.0, 1.0))
    ranked = [(classifier.model.labels[place], round(float(shares[place]) * trust, 3)) for place in order[:4]]
    if ranked[0][1] < NO_IDEA:
        return Categorised(FALLBACK, 0.0, tuple(guess for guess in ranked if guess[0] != FALLBACK)[:2])
    why = f"Closest example: “{classifier.texts[nearest][:120]}”"
    return Categorised(*ranked[0], alternatives=tuple(ranked[1:3]), why=why)


def _votes(classifier: Classifier, likeness: Vectors) -> Vectors:
    nearest = np.argpartition(-likeness, min(NEIGHBOURS, len(likeness) - 1))[:NEIGHBOURS]
    votes = np.zeros(len(classifier.model.labels))
    np.add.at(votes, classifier.labels[nearest], np.exp(SHARPNESS * (likeness[nearest] - 1)))
    return votes / votes.sum()
