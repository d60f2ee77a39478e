"""Full-text search over tickets and messages: what is indexed, and how it is asked for.

`websearch_to_tsquery` never raises on what people type; its input is capped (security T36). Prefixes of the last word
match, so that results come while typing.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery
from django.db import connection
from django.db.models import QuerySet

from tickets.models import Message, SearchEntry, Ticket

CONFIGURATION = "simple"  # tickets come in many languages; stemming by one of them would hide the others
LONGEST_TEXT = 200_000  # characters that are indexed; a tsvector may not pass 1 MB
LONGEST_QUERY = 256
MOST_WORDS = 32
NUMBER = re.compile(r"^(?:TKT-)?\d{8}-\d{1,8}$", re.IGNORECASE)


def search(text: str, *, viewer: Any) -> QuerySet[Ticket]:
    """Tickets that the viewer may see and whose subject, people, tags or messages contain every word. Newest first."""
    words = " ".join(text[:LONGEST_QUERY].replace("\x00", " ").split()[:MOST_WORDS])
    tickets = Ticket.objects.visible_to(viewer)
    if not words:
        return tickets.none()
    if NUMBER.match(words):
        return tickets.filter(number__iendswith=words.upper().removeprefix("TKT-"))
    return tickets.filter(pk__in=SearchEntry.objects.filter(document=_query(words)).values("ticket")).order_by("-created_at")


def _query(words: str) -> SearchQuery | CombinedSearchQuery:
    *before, last = words.split()
    whole = SearchQuery(words, config=CONFIGURATION, search_type="websearch")
    if not last.isalnum():
        return whole
    beginning = SearchQuery(f"{last.lower()}:*", config=CONFIGURATION, search_type="raw")
    return whole | (SearchQuery(" ".join(before), config=CONFIGURATION, search_type="websearch") & beginning if before else beginning)


def index_ticket(ticket_id: UUID | str | None) -> None:
    """(Re)write the ticket's own entry: number, subject, requester, organisation, tags."""
    tickets = Ticket.objects.with_people().prefetch_related("tags", "customer__contact_points")
    ticket = tickets.filter(pk=ticket_id).first() if ticket_id else None
    if ticket is None:
        return
    people = [ticket.customer.name, ticket.organisation.name if ticket.organisation else ""]
    points = [point.value for point in ticket.customer.contact_points.all()]
    text = " ".join([ticket.number, ticket.subject, *people, *points, *(tag.name for tag in ticket.tags.all())])
    _store(ticket.pk, None, text)


def index_message(message_id: UUID | str) -> None:
    """(Re)write one message's entry. A message that is gone has none."""
    message = Message.objects.filter(pk=message_id).values_list("ticket_id", "pk", "author_name", "body_text").first()
    if message:
        _store(message[0], message[1], f"{message[2]} {message[3]}")


def _store(ticket_id: UUID, message_id: UUID | None, text: str) -> None:
    conflict = "(message_id)" if message_id else "(ticket_id) WHERE message_id IS NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tickets_searchentry (ticket_id, message_id, document) VALUES (%s, %s, to_tsvector(%s, %s)) "  # noqa: S608 - two constants
            f"ON CONFLICT {conflict} DO UPDATE SET document = EXCLUDED.document, ticket_id = EXCLUDED.ticket_id",
            [ticket_id, message_id, CONFIGURATION, text[:LONGEST_TEXT].replace("\x00", " ")],
        )
