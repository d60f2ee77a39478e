"""The classifier refreshes itself: after every twenty new examples, and once a night. A fit that fails changes nothing.

A process of its own fits and ends: scikit-learn costs 90 MB, which no worker should carry for the rest of the day.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone

from assist.models import LabelledExample, LearnedModel, Learnt
from assist.triage import categorise, similar
from assist.triage.learned import Vectors
from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import Embedding
from knowledge.categories import known_categories
from tickets.models import Ticket

from .classifier import NEIGHBOURS, Example, Neighbour, Taught, teach

log = logging.getLogger(__name__)

EVERY = 20  # new examples
AT_LEAST_EVERY = timedelta(hours=24)
FEWEST = {Learnt.CATEGORY: 10, Learnt.PRIORITY: 200}  # examples before anything is fitted (priorities: engine.md section 5)
MOST = 20_000  # the newest ones
KEPT = 5  # models of a field
FOLDS = 5
FEWEST_TO_CALIBRATE = 60
LOCK = 7_301_555  # of PostgreSQL: one fit at a time
LONGEST = 110  # seconds: a task ends within 120


def due() -> list[str]:
    """The fields whose classifier has enough new to learn."""
    return [field for field in FEWEST if _is_due(field)]


def refresh_in_a_process() -> None:
    """What the scheduler asks for: nothing when nothing is due."""
    if due():
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "learn"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)  # noqa: S603 - our own command
        if done.returncode:
            log.error("learning_failed", extra={"error": done.stderr[-500:]})


def refresh(field: str) -> LearnedModel | None:
    """Fit a field's classifier and put it into use. None: too little to learn from, or somebody else is fitting."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return None
        try:
            return _fitted(field)
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [LOCK])


def _is_due(field: str) -> bool:
    examples = LabelledExample.objects.filter(field=field, undone_at=None)
    newest = LearnedModel.objects.filter(field=field, engine=get_embedder().name).order_by("-id").first()
    if newest is None:
        return examples.count() >= FEWEST[Learnt(field)]
    changed = examples.filter(created_at__gt=newest.newest_example or newest.created_at).count()
    undone = LabelledExample.objects.filter(field=field, undone_at__gt=newest.created_at).count()
    changed += undone
    return changed >= EVERY or (changed > 0 and newest.created_at < timezone.now() - AT_LEAST_EVERY)


def _fitted(field: str) -> LearnedModel | None:
    started = time.perf_counter()
    rows = list(LabelledExample.objects.filter(field=field, undone_at=None).order_by("-created_at")[:MOST])
    vectors = _vectors(rows)
    rows = [row for row in rows if row.ticket_id in vectors]
    if len(rows) < FEWEST[Learnt(field)]:
        return None
    pseudo, pseudo_vectors = _pseudo(field)
    own = [Example(row.text, row.label, row.weight) for row in rows]
    own_vectors = np.array([vectors[row.ticket_id] for row in rows], np.float32)
    taught = teach([*pseudo, *own], np.vstack([pseudo_vectors, own_vectors]))
    if taught is None:
        return None
    points, accuracy = _calibrated(own, own_vectors, pseudo, pseudo_vectors)
    model = LearnedModel.objects.create(
        field=field,
        engine=get_embedder().name,
        examples=len(rows),
        newest_example=max(row.created_at for row in rows),
        parts=taught.to_bytes(),
        calibration=points,
        accuracy=accuracy,
        seconds=round(time.perf_counter() - started, 2),
    )
    old = LearnedModel.objects.filter(field=field).order_by("-id").values_list("pk", flat=True)[KEPT:]
    LearnedModel.objects.filter(pk__in=list(old)).delete()
    return model


def _vectors(rows: list[LabelledExample]) -> dict[object, Vectors]:
    stored = Embedding.objects.filter(
        object_kind=similar.KIND, model=get_embedder().name, part=0, object_id__in=[row.ticket_id for row in rows]
    )
    return {pk: np.asarray(vector, np.float32) for pk, vector in stored.values_list("object_id", "vector")}


def _pseudo(field: str) -> tuple[list[Example], Vectors]:
    """What a label's own name, description and phrases teach, so that a new label is known from its first day."""
    if field == Learnt.CATEGORY:
        found = [Example(one.text, one.label) for one in categorise.examples_of(known_categories())]
    else:
        found = [Example(f"{label} priority", value) for value, label in Ticket.Priority.choices]
    return found, np.asarray(get_embedder().embed([one.text for one in found]), np.float32)


def _calibrated(
    own: list[Example], vectors: Vectors, pseudo: list[Example], pseudo_vectors: Vectors
) -> tuple[list[tuple[float, float]], float | None]:
    """([confidence, how often right], accuracy) on held-out fifths of the company's examples; isotonic (Zadrozny and Elkan, KDD 2002)."""
    if len(own) < FEWEST_TO_CALIBRATE:
        return [], None
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - needed only to fit
    from sklearn.model_selection import KFold  # noqa: PLC0415

    sure, right = [], []
    for known, unknown in KFold(FOLDS, shuffle=True, random_state=7).split(own):
        taught = teach([*pseudo, *(own[i] for i in known)], np.vstack([pseudo_vectors, vectors[known]]))
        if taught is None:
            return [], None
        others, among = [own[i] for i in known], vectors[known]
        for i in unknown:
            share, label = _best(taught, vectors[i], own[i].text, _nearest(vectors[i], among, others))
            sure.append(share)
            right.append(label == own[i].label)
    curve = IsotonicRegression(y_min=0.02, y_max=0.99, out_of_bounds="clip").fit(sure, np.array(right, float))
    grid = np.linspace(0, 1, 21)
    return [(round(float(x), 3), round(float(y), 3)) for x, y in zip(grid, curve.predict(grid), strict=True)], float(np.mean(right))


def _nearest(vector: Vectors, others: Vectors, examples: list[Example]) -> list[Neighbour]:
    """As a new ticket finds them; without them the curve would be that of another classifier than the one that answers."""
    close = others @ vector
    return [Neighbour(float(close[i]), examples[i].label, examples[i].weight) for i in close.argsort()[::-1][:NEIGHBOURS]]


def _best(taught: Taught, vector: Vectors, text: str, neighbours: list[Neighbour]) -> tuple[float, str]:
    shares = taught.shares(vector, text, neighbours)
    at = int(shares.argmax())
    return float(shares[at]), taught.labels[at]
