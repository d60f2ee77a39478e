"""Tickets' vectors under another embedding engine: read again from their messages, a part at a time."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from helpdesk.core.embeddings import get_embedder, store, switching
from helpdesk.core.errors import Invalid
from helpdesk.core.models import Embedding
from tickets.models import Message

from .arrival import case_of
from .reading import without_vectors
from .similar import KIND

AT_ONCE = 500


@switching.remakes("tickets")
def embed_again() -> int:
    """The vectors of some tickets that have one under another engine and none under the present one; how many were made."""
    here = Embedding.objects.filter(object_kind=KIND, model=get_embedder().name, object_id=OuterRef("object_id"))
    missing = Embedding.objects.filter(~Exists(here), object_kind=KIND, part=0).order_by("object_id")
    ids = list(missing.values_list("object_id", flat=True).distinct()[:AT_ONCE])
    if not ids:
        return 0
    said = Message.objects.from_customer().public().filter(ticket__in=ids, automatic=False)
    newest = said.order_by("ticket_id", "-created_at").distinct("ticket_id").values("pk")
    passages, gone = [], set(ids)
    for message in Message.objects.filter(pk__in=newest).select_related("ticket__customer__organisation"):
        try:
            passages.append(store.Passage(message.ticket_id, 0, without_vectors(case_of(message)).text))
        except Invalid:  # nothing to read any more
            continue
        gone.discard(message.ticket_id)
    store.forget(KIND, list(gone))  # a vector without words behind it would hold up the change for ever
    return store.remember(KIND, passages) + len(gone)
