"""What the ticket is about: logistic regression on embeddings and the nearest examples, mixed (engine.md section 7).

Examples are the categories' names, descriptions and example phrases. What the company's people decided is mixed in by `assist.learning`:
a correction counts from the next ticket on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from assist.learning import deciding, recalling
from helpdesk.core.embeddings import get_embedder
from knowledge.categories import CategorySeed, known_categories

from . import foreign
from .learned import Linear, Vectors, fit, learned, version_of
from .reading import Reading

Positions = npt.NDArray[np.intp]

STRENGTH = 10.0  # inverse regularisation
NEIGHBOURS = 10
SHARPNESS = 20.0  # of a neighbour's vote: exp(20 * (cosine - 1))
SHARPEN = 1.5  # temperature, fitted on held-out folds of the examples: of what is called 90 % sure, 9 in 10 are right
SUREST = 0.99  # nothing learned from examples is certain
FAMILIAR, STRANGE = 0.45, 0.2  # cosine to the nearest example: fully believed .. not at all
OF_SENTENCES = 0.3  # what the sentences, each read alone, add to the whole: a long mail's request is one of them
FALLBACK = "general"
FIELD = "category"
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
    learned_from: int = 0  # of the company's examples, when it was said


@dataclass(frozen=True)
class Classifier:
    model: Linear
    vectors: Vectors  # (examples, 384)
    labels: Positions  # (examples,) place in model.labels
    texts: tuple[str, ...]


UNKNOWN: Categorised = Categorised(FALLBACK, 0.0)


def categorise(
    reading: Reading,
    categories: Sequence[CategorySeed] | None = None,
    *,
    language: str = foreign.READ_BY_MODEL,
    learned: recalling.Learned = recalling.NOTHING,
) -> Categorised:
    """The likeliest category. `learned`: what people decided of tickets like this. Without an embedder: `general`, confidence 0."""
    categories = tuple(categories if categories is not None else known_categories())
    guess = _by_meaning(reading, categories, learned)
    if not foreign.is_foreign(language) or guess.confidence >= foreign.SURE_BY_WORDS:
        return guess
    named = foreign.category(reading.text, language)
    if named is None or named[0] not in {category.slug for category in categories}:
        return guess
    others = [other for other in ((guess.category, guess.confidence), *guess.alternatives) if other[0] != named[0] and other[1]]
    return Categorised(named[0], foreign.SURE_BY_WORDS, tuple(others[:2]), f"Says “{named[1][:60]}”")


def _by_meaning(reading: Reading, categories: tuple[CategorySeed, ...], taught: recalling.Learned) -> Categorised:
    classifier = classifier_of(categories) if reading.vector is not None else None
    if classifier is None or reading.vector is None:
        return UNKNOWN
    company, labelled = taught.companies.get(FIELD), taught.labelled(FIELD)
    if company is None and not labelled:
        return predict(classifier, reading.vector, reading.sentence_vectors)
    return _with_company(reading, classifier, company, labelled)


def _with_company(
    reading: Reading, classifier: Classifier, company: recalling.Company | None, labelled: Sequence[recalling.Labelled]
) -> Categorised:
    """The engine's own shares, the company's classifier, and the labels that it does not know yet."""
    vector = reading.vector
    assert vector is not None  # noqa: S101 - asked above
    own, likeness = _own_shares(classifier, vector, reading.sentence_vectors)
    known = set(classifier.model.labels)
    heard = [one for one in labelled if one.label in known]
    theirs = None
    if company:
        shares = company.taught.shares(vector, reading.text, [one.neighbour for one in heard])
        theirs = {label: float(share) for label, share in zip(company.taught.labels, shares, strict=True) if label in known}
    fresh = deciding.fresh_of(heard, company)
    mixed = deciding.mixed(
        dict(zip(classifier.model.labels, map(float, own), strict=True)), theirs, company.examples if company else 0, fresh
    )
    trust = max(float(_familiar(likeness.max())), max((deciding.nearness(one.closeness) for one in heard), default=0.0))
    ranked = sorted(((label, min(SUREST, share * trust)) for label, share in mixed.items()), key=lambda guess: -guess[1])[:4]
    if company:
        ranked = [(label, company.sure(share)) for label, share in ranked]
    count = (company.examples if company else 0) + len(fresh)
    return _named([(label, round(share, 3)) for label, share in ranked], _why(ranked[0][0], heard, classifier, likeness), count)


def _why(label: str, heard: Sequence[recalling.Labelled], classifier: Classifier, likeness: Vectors) -> str:
    """A person's decision on a near ticket says more than our example phrase."""
    decided = next((one for one in heard if one.label == label and one.by_person and deciding.nearness(one.closeness)), None)
    if decided:
        return f"A colleague said so of a ticket that is {decided.closeness:.0%} alike"
    return f"Closest example: “{classifier.texts[int(likeness.argmax())][:120]}”"


def classifier_of(categories: tuple[CategorySeed, ...]) -> Classifier | None:
    """What the categories' examples teach; None when there is nothing to tell apart. Raises EmbeddingUnavailable."""
    examples = examples_of(categories)
    if len({example.label for example in examples}) < 3:  # noqa: PLR2004
        return None
    return learned("categories", _version(examples), lambda: _taught(examples))


@lru_cache(maxsize=8)
def examples_of(categories: tuple[CategorySeed, ...]) -> tuple[Example, ...]:
    """Every category's name with its description, and its phrases."""
    named = [Example(f"{category.name}. {category.description}".strip(), category.slug) for category in categories]
    return (*named, *(Example(phrase, category.slug) for category in categories for phrase in category.examples))


@lru_cache(maxsize=8)
def _version(examples: tuple[Example, ...]) -> str:
    """Worked out once while nobody edits a category: for every ticket it would cost more than the classification."""
    return version_of([asdict(example) for example in examples])


def _taught(examples: Sequence[Example]) -> Classifier:
    vectors = np.asarray(get_embedder().embed([example.text for example in examples]), np.float32)
    labels = [example.label for example in examples]
    model = fit(vectors, labels, strength=STRENGTH, sample_weights=[example.weight for example in examples])
    positions = np.array([model.labels.index(label) for label in labels])
    return Classifier(model, vectors, positions, tuple(example.text for example in examples))


def predict(classifier: Classifier, vector: Vectors, sentences: Vectors | None = None) -> Categorised:
    """The whole text's shares with those of its sentences. `vector` is (384,) of length 1, `sentences` (n, 384)."""
    shares, likeness = _own_shares(classifier, vector, sentences)
    order = np.argsort(-shares)
    nearest = int(likeness.argmax())
    trust = float(_familiar(likeness[nearest]))
    ranked = [(classifier.model.labels[place], min(SUREST, round(float(shares[place]) * trust, 3))) for place in order[:4]]
    return _named(ranked, f"Closest example: “{classifier.texts[nearest][:120]}”")


def _own_shares(classifier: Classifier, vector: Vectors, sentences: Vectors | None) -> tuple[Vectors, Vectors]:
    """(share of each label, cosine to each example)."""
    likeness = classifier.vectors @ vector
    shares = _shares(classifier, vector.reshape(1, -1), likeness.reshape(1, -1))[0]
    if sentences is not None and len(sentences) > 1:
        shares = (1 - OF_SENTENCES) * shares + OF_SENTENCES * _said_apart(classifier, sentences)
    return shares, likeness


def _named(ranked: Sequence[tuple[str, float]], why: str, learned_from: int = 0) -> Categorised:
    """The first of the ranked guesses, unless it is not worth naming."""
    if ranked[0][1] < NO_IDEA:
        return Categorised(FALLBACK, 0.0, tuple(guess for guess in ranked if guess[0] != FALLBACK)[:2], learned_from=learned_from)
    return Categorised(*ranked[0], alternatives=tuple(ranked[1:3]), why=why, learned_from=learned_from)


def _said_apart(classifier: Classifier, sentences: Vectors) -> Vectors:
    """The mean over the sentences; one that names its matter plainly counts most, a detail or a courtesy hardly."""
    likeness = sentences @ classifier.vectors.T
    shares = _shares(classifier, sentences, likeness)
    plain = (_familiar(likeness.max(axis=1)) * shares.max(axis=1)) ** 2 + 1e-3
    return np.asarray((shares * plain[:, None]).sum(axis=0) / plain.sum())


def _shares(classifier: Classifier, vectors: Vectors, likeness: Vectors) -> Vectors:
    """Both halves mixed, (n, labels); rows add up to one."""
    votes = np.stack([_votes(classifier, one) for one in likeness])
    mixed = (0.5 * classifier.model.probabilities(vectors) + 0.5 * votes) ** SHARPEN
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True))


def _familiar(likeness: Any) -> Any:
    """0..1: how far the nearest example can be believed."""
    return np.clip((likeness - STRANGE) / (FAMILIAR - STRANGE), 0.0, 1.0)


def _votes(classifier: Classifier, likeness: Vectors) -> Vectors:
    nearest = np.argpartition(-likeness, min(NEIGHBOURS, len(likeness) - 1))[:NEIGHBOURS]
    votes = np.zeros(len(classifier.model.labels))
    np.add.at(votes, classifier.labels[nearest], np.exp(SHARPNESS * (likeness[nearest] - 1)))
    return votes / votes.sum()
