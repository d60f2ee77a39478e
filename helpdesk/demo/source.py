"""The hand-written files of the demonstration company, and the ids that their rows have on every machine."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid5

HERE = Path(__file__).parent
_NAMESPACE = UUID("5b0d9a52-6f0e-4c1c-9c39-6a4f1f6b7d21")  # drawn once; what is loaded again is known by it


class WrittenArticle(NamedTuple):
    slug: str
    title: str
    category: str
    keywords: list[str]
    audience: str
    language: str
    owner: str
    published_days_ago: int
    body: str


def demo_id(kind: str, key: str) -> UUID:
    """The id of a demonstration row. Rows with other ids belong to the company that uses the product."""
    return uuid5(_NAMESPACE, f"{kind}:{key}")


@cache
def people() -> dict[str, Any]:
    """agents, queues, organisations, customers."""
    return _json(HERE / "people.json")


@cache
def status() -> dict[str, Any]:
    """components, incidents, deployments."""
    return _json(HERE / "status.json")


@cache
def macros() -> list[dict[str, Any]]:
    return _json(HERE / "macros.json")


@cache
def stories() -> list[dict[str, Any]]:
    """Every ticket, as it was written down."""
    return [story for path in sorted((HERE / "tickets").glob("*.json")) for story in _json(path)]


@cache
def articles() -> list[WrittenArticle]:
    return [_article(path.read_text(encoding="utf-8")) for path in sorted((HERE / "articles").glob("*.md"))]


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _article(text: str) -> WrittenArticle:
    """Front matter of plain `key: value` lines between two `---`, then Markdown."""
    _, head, body = text.split("---\n", 2)
    fields = {
        key.strip(): value.strip().strip('"') for key, _, value in (line.partition(":") for line in head.splitlines() if line.strip())
    }
    keywords = [word.strip().strip('"') for word in fields["keywords"].strip("[]").split(",")]
    names = ("slug", "title", "category", "audience", "language", "owner")
    return WrittenArticle(
        **{name: fields[name] for name in names},
        keywords=[word for word in keywords if word],
        published_days_ago=int(fields["published_days_ago"]),
        body=body.strip() + "\n",
    )
