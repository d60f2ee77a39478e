"""How often the category is right: accuracy, precision and recall of each label, calibration, and how long it takes (contract section 9).

The product's own way, in a scratch store: the training file's labels are the categories, its rows are tickets that people labelled, the
classifier is fitted as the worker fits it, and each text of the dataset is read and categorised as a ticket that has just arrived.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from assist.learning import recalling, refreshing
from assist.models import LabelledExample, LearnedModel
from assist.triage import categorise, similar
from assist.triage.case import Case
from assist.triage.reading import read, without_vectors
from helpdesk.core.embeddings import store
from helpdesk.core.errors import Invalid
from helpdesk.core.jsonlines import read_lines
from helpdesk.core.models import Embedding
from knowledge.categories import CategorySeed, known_categories
from knowledge.models import Category

from .charts import calibration_error
from .holdout import SEED, Part, within
from .scratch import analyse, scratch

TABLES = (Category, LabelledExample, LearnedModel, Embedding)
FIELD = "category"
AT_ONCE = 256
OF_A_PERSON = 3.0  # rows of a training file are decisions of people
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Item:
    """One text's outcome. `rank` of the right label among the three that are named; None: none of them."""

    id: str
    label: str
    guess: str
    rank: int | None
    confidence: float
    ms: float

    @property
    def correct(self) -> bool:
        return self.guess == self.label


@dataclass(frozen=True)
class Known:
    """What there is to learn from: (text, label) of each training row."""

    rows: Sequence[tuple[str, str]] = ()
    categories: Sequence[CategorySeed] = field(default_factory=tuple)


def evaluate(
    dataset: Path,
    *,
    train: Path | None = None,
    per_class: int | None = None,
    part: Part = Part.ALL,
    seed: str = SEED,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Learn from the training file, categorise every text of the part; nothing of it stays. Raises Invalid for a malformed file."""
    rows = ({"id": number, **row} for number, row in enumerate(read_lines(dataset), 1))
    asked = [row for row in rows if within(part, str(row["id"]), seed)]
    known = _taught_by(train, per_class) if train else Known((), known_categories())
    return summarise(_measured(asked, known, progress or (lambda *_: None)))


def evaluate_own(*, progress: Progress | None = None) -> dict[str, Any]:
    """The company's own tickets: those of the frozen hold-out are asked, the others learned from. Nothing is changed."""
    rows = LabelledExample.objects.filter(field=FIELD, undone_at=None).order_by("pk").values_list("ticket_id", "text", "label")
    held_out = [(str(pk), text, label) for pk, text, label in rows if within(Part.HELD_OUT, str(pk))]
    learned = [(text, label) for pk, text, label in rows if within(Part.TUNING, str(pk))]
    asked = [{"id": pk, "text": text, "label": label} for pk, text, label in held_out]
    return summarise(_measured(asked, Known(learned, known_categories()), progress or (lambda *_: None)))


def text_of(row: Mapping[str, Any]) -> str:
    """`text`, or subject and body as a ticket has them."""
    if "text" in row:
        return str(row["text"])
    if "body" not in row and "subject" not in row:
        raise Invalid("Every row of the dataset needs `text`, or `subject` and `body`.")
    return ". ".join(part for part in (str(row.get("subject", "")).strip().rstrip("."), str(row.get("body", "")).strip()) if part)


def _taught_by(train: Path, per_class: int | None) -> Known:
    rows = [(text_of(row), _label(row)) for row in read_lines(train)]
    labels = sorted({label for _text, label in rows})
    if per_class is not None:
        rows = list(_first_of_each(rows, per_class))
    return Known(rows, tuple(CategorySeed(label, label.replace("_", " ").replace("-", " "), "", ()) for label in labels))


def _first_of_each(rows: Sequence[tuple[str, str]], most: int) -> Iterator[tuple[str, str]]:
    """The first so many of each label, in the file's order: the same on every machine."""
    seen: Counter[str] = Counter()
    for row in rows:
        seen[row[1]] += 1
        if seen[row[1]] <= most:
            yield row


def _label(row: Mapping[str, Any]) -> str:
    if not row.get("label"):
        raise Invalid("Every row needs a `label`.")
    return str(row["label"])[:60]


def _measured(asked: Sequence[Mapping[str, Any]], known: Known, tell: Progress) -> list[Item]:
    recalling.forget_here()
    try:
        with scratch(TABLES):
            _store(known, tell)
            analyse(TABLES)
            return list(_ask_all(asked, tuple(known.categories), tell))
    finally:
        recalling.forget_here()


def _store(known: Known, tell: Progress) -> None:
    """The training rows as labelled tickets, and the classifier made of them."""
    Category.objects.bulk_create(
        [Category(slug=one.slug, name=one.name[:100], description=one.description, examples=list(one.examples)) for one in known.categories]
    )
    earlier = timezone.now() - timedelta(hours=1)
    for start in range(0, len(known.rows), AT_ONCE):
        batch = [(uuid.uuid4(), without_vectors(Case(body=text or ".")).text, label) for text, label in known.rows[start : start + AT_ONCE]]
        store.remember(similar.KIND, [store.Passage(pk, 0, text) for pk, text, _label in batch])
        LabelledExample.objects.bulk_create(
            [
                LabelledExample(ticket_id=pk, field=FIELD, label=label, text=text, weight=OF_A_PERSON, created_at=earlier)
                for pk, text, label in batch
            ]
        )
        tell("learned from", min(len(known.rows), start + len(batch)), len(known.rows))
    if known.rows:
        refreshing.refresh(FIELD)


def _ask_all(asked: Sequence[Mapping[str, Any]], categories: tuple[CategorySeed, ...], tell: Progress) -> Iterator[Item]:
    for number, row in enumerate(asked, 1):
        label, _checked = _label(row), text_of(row)
        started = time.perf_counter()
        reading = read(Case(subject=str(row.get("subject", "")), body=str(row.get("text", row.get("body", ""))) or "."))
        learned = recalling.recall(reading.vector) if reading.vector is not None else recalling.NOTHING
        found = categorise.categorise(reading, categories, learned=learned)
        ms = (time.perf_counter() - started) * 1000
        named = [found.category, *(other for other, _share in found.alternatives)]
        rank = named.index(label) + 1 if label in named else None
        yield Item(str(row["id"]), label, found.category, rank, round(found.confidence, 4), ms)
        if number % AT_ONCE == 0 or number == len(asked):
            tell("texts", number, len(asked))


def summarise(items: Sequence[Item]) -> dict[str, Any]:
    """The contract's figures, and the confusion matrix: {label: {guess: how often}}, right answers included."""
    labels = sorted({item.label for item in items} | {item.guess for item in items})
    per_class = {label: _class(items, label) for label in labels}
    asked = [one for one in per_class.values() if one["n"]]
    confusion: dict[str, dict[str, int]] = {}
    for (label, guess), count in sorted(Counter((item.label, item.guess) for item in items).items()):
        confusion.setdefault(label, {})[guess] = count
    return {
        "n": len(items),
        "accuracy": _share(sum(item.correct for item in items), len(items)),
        "macro_f1": round(sum(one["f1"] for one in asked) / max(1, len(asked)), 4),
        "calibration_error": round(calibration_error([(item.confidence, item.correct) for item in items]), 4),
        "latency_ms": {"p50": _percentile(items, 0.5), "p95": _percentile(items, 0.95)},
        "per_class": per_class,
        "confusion": confusion,
        "items": [
            {
                "id": item.id,
                "rank": item.rank,
                "shown": item.confidence > 0,
                "confidence": item.confidence,
                "correct": item.correct,
                "label": item.label,
                "guess": item.guess,
            }
            for item in items
        ],
    }


def _class(items: Sequence[Item], label: str) -> dict[str, Any]:
    right = sum(item.correct for item in items if item.label == label)
    asked, said = sum(item.label == label for item in items), sum(item.guess == label for item in items)
    precision, recall = _share(right, said), _share(right, asked)
    f1 = round(2 * precision * recall / (precision + recall), 4) if right else 0.0
    return {"n": asked, "precision": precision, "recall": recall, "f1": f1}


def _share(part: int, whole: int) -> float:
    return round(part / max(1, whole), 4)


def _percentile(items: Sequence[Item], share: float) -> float:
    ordered = sorted(item.ms for item in items)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else 0.0
