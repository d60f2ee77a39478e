"""The demonstration company's macros, each shared with its team."""

from __future__ import annotations

from typing import Any

from tickets import macros
from tickets.models import Macro, Queue

from . import source
from .company import Cast
from .moments import Moments

ACTIONS = ("set_status", "set_priority", "assign")


def load_macros(cast: Cast, at: Moments) -> list[Macro]:
    """Safe to repeat. What colleagues made of one is put back; their own macros stay."""
    queues = {row["slug"]: cast.queues[row["key"]] for row in source.people()["queues"]}
    return [_load(row, queues[row["queue"]], cast, at) for row in source.macros()]


def make_findable(loaded: list[Macro]) -> None:
    """Raises EmbeddingUnavailable."""
    for macro in loaded:
        macros.make_findable(macro.pk)


def _load(row: dict[str, Any], queue: Queue, cast: Cast, at: Moments) -> Macro:
    fields = {name: row.get(name, "") for name in (*ACTIONS, "text", "language")}
    links: dict[str, Any] = {
        "owner": None,
        "queue": queue,
        "category": cast.categories.get(row.get("category", "")),
        "tags": row.get("tags", []),
    }
    own = source.demo_id("macro", row["title"])
    if taken := Macro.objects.filter(owner=None, queue=queue, title=row["title"]).exclude(pk=own).first():
        return taken
    made = {"created_at": at.ago(days=300), **fields, **links, "title": row["title"]}
    return Macro.objects.update_or_create(pk=own, defaults={**fields, **links, "title": row["title"]}, create_defaults=made)[0]
