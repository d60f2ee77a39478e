"""What the assistant has to say to one line, before it is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from knowledge.search import Hit
from tickets.models import Ticket


@dataclass
class Thought:
    text: str = ""
    sources: list[dict[str, Any]] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)  # as they are from now on
    failures: int = 0
    ticket_created: Ticket | None = None
    escalate: str = ""  # the reason for which a person is asked for
    tools: list[dict[str, Any]] = field(default_factory=list)  # what was done, for the record
    engine: str = "local"

    def settled(self) -> None:
        """What was asked back is answered, or no longer of interest."""
        self.slots.pop("asked", None)
        self.slots.pop("offered", None)

    def used(self, tool: str, outcome: str) -> None:
        self.tools.append({"name": tool, "outcome": outcome or "done"})


def source(hit: Hit) -> dict[str, Any]:
    """An article as it is cited."""
    url = hit.url if hit.url.startswith("http") else f"{settings.SITE_URL}{hit.url}"
    return {"id": str(hit.article_id), "title": hit.title, "url": url, "score": hit.relevance}
