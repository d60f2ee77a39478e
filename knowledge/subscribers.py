"""What the knowledge base does when something happened. One line each; the event spine tries again when it fails."""

from __future__ import annotations

from uuid import UUID

from helpdesk.core.events import subscribe
from helpdesk.core.models import Event

from . import indexing


@subscribe("article.created", "article.published", "article.changed", "article.retired", slow=True)
def reindex_article(event: Event) -> None:
    indexing.index_article(UUID(event.subject_id))
