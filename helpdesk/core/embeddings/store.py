"""Keeps vectors beside what they stand for: embeds what is new or changed, skips what is not, drops what is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db.models import Q

from helpdesk.core.models import Embedding

from . import get_embedder

if TYPE_CHECKING:
    import numpy as np

AT_ONCE = 256  # texts embedded and written together: what a killed process can lose, and has to do again


class Passage(NamedTuple):
    """One text that one vector stands for: part 0, 1, 2 ... of an object."""

    object_id: UUID
    part: int
    text: str


def remember(kind: str, passages: Iterable[Passage]) -> int:
    """Store the vectors of these passages under the present engine; returns how many had to be embedded.

    Texts that are stored unchanged are skipped, so repeating a run that was killed goes on where it stopped.
    No transaction is held while the engine thinks. Raises EmbeddingUnavailable.
    """
    done = 0
    remaining = iter(passages)
    while batch := list(islice(remaining, AT_ONCE)):
        changed = _changed(kind, batch)
        vectors = get_embedder().embed([passage.text for passage in changed])
        put(kind, changed, vectors)
        done += len(changed)
    return done


def forget(kind: str, object_ids: Sequence[UUID]) -> None:
    """Drop every vector of these objects, under whichever engine."""
    Embedding.objects.filter(object_kind=kind, object_id__in=object_ids).delete()


def trim(kind: str, lengths: dict[UUID, int]) -> None:
    """Drop the parts that an object no longer has: everything from part `lengths[id]` on."""
    beyond = Q()
    for object_id, parts in lengths.items():
        beyond |= Q(object_id=object_id, part__gte=parts)
    if lengths:
        Embedding.objects.filter(beyond, object_kind=kind).delete()


def _changed(kind: str, passages: list[Passage]) -> list[Passage]:
    ids = {passage.object_id for passage in passages}
    rows = Embedding.objects.filter(object_kind=kind, model=get_embedder().name, object_id__in=ids)
    stored = {(object_id, part): known for object_id, part, known in rows.values_list("object_id", "part", "text_hash")}
    return [passage for passage in passages if stored.get((passage.object_id, passage.part)) != text_hash(passage.text)]


def put(kind: str, passages: list[Passage], vectors: Iterable[np.ndarray]) -> None:
    """Store vectors that the present engine has just made of these passages, over whatever was there."""
    model = get_embedder().name
    rows = [
        Embedding(
            object_kind=kind, object_id=passage.object_id, part=passage.part, model=model, text_hash=text_hash(passage.text), vector=vector
        )
        for passage, vector in zip(passages, vectors, strict=True)
    ]
    Embedding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["object_kind", "object_id", "part", "model"],
        update_fields=["text_hash", "vector"],
    )


def text_hash(text: str) -> str:
    """128 bits of a text, as hex: changes when the text does."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def drop_other_engines() -> int:
    """Drop the vectors of every engine but the present one; returns how many."""
    return Embedding.objects.exclude(model=get_embedder().name).delete()[0]
