"""Two years of a large company, made by the database itself: tickets, their events, and what people and the engine did about them."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from helpdesk.core.models import User
from tickets.models import Message, Queue

AGENTS = 20
STILL_OPEN = 0.004  # of all tickets: those of the last three days
_MOMENT = "now() - (%(all)s - n) * (interval '730 days' / %(all)s)"
_SOURCE = f"generate_series(1, %(all)s) n, LATERAL (SELECT {_MOMENT} AS at, n > %(all)s * {1 - STILL_OPEN} AS still) moment"
_EMPTY = {"jsonb": "'{}'", "boolean": "false", "integer": "0", "smallint": "0", "bigint": "0", "numeric": "0", "double precision": "0"}
_THEIRS = {"ticket_id": "ticket_id", "created_at": "at"}  # of a row beside a ticket
_EMPTY |= {"timestamp with time zone": "at", "uuid": "gen_random_uuid()"}

_TICKET = {
    "id": "gen_random_uuid()",
    "number": "'B-' || n",
    "subject": "'Ticket ' || n",
    "status": "CASE WHEN still THEN 'open' ELSE 'closed' END",
    "priority": "'normal'",
    "queue_id": "CASE WHEN n %% 3 = 0 THEN %(one)s::uuid ELSE %(two)s::uuid END",
    "customer_id": "%(customer)s::uuid",
    "assignee_id": "(%(agents)s::uuid[])[1 + n %% %(staff)s]",
    "channel": "(ARRAY['email','chat','phone','web_form'])[1 + n %% 4]",
    "language": "'en'",
    "sentiment": "(ARRAY['negative','neutral','positive',''])[1 + n %% 4]",
    "created_at": "at",
    "updated_at": "at",
    "first_response_at": "at + (n %% 90) * interval '1 minute'",
    "resolved_at": "CASE WHEN NOT still THEN at + (n %% 3000) * interval '1 minute' END",
    "first_reply_due_at": "at + interval '1 hour'",
    "resolve_due_at": "at + interval '1 day'",
    "due_at": "CASE WHEN still THEN at + interval '1 day' END",
    "solved_by_people": "NOT still",
    "version": "1",
}
_EVENT = {
    "kind": "(ARRAY['message.received','message.sent','ticket.assigned','ticket.status_changed','triage.completed'])[1 + n %% 5]",
    "subject_type": "'ticket'",
    "subject_id": "n::text",
    "actor_kind": "'system'",
    "occurred_at": "at",
}
# Of each so-manieth ticket one row; n is the ticket's own number.
_BESIDE: dict[str, tuple[int, dict[str, str]]] = {
    "tickets_escalation": (
        20,
        {"level": "'supervisor'", "reasons": "'[\"x\"]'", "state": "CASE WHEN still THEN 'waiting' ELSE 'done' END", "raised_at": "at"},
    ),
    "tickets_rating": (
        5,
        {
            "customer_id": "customer_id",
            "queue_id": "queue_id",
            "agent_id": "assignee_id",
            "score": "1 + n %% 5",
            "source": "'mail'",
            "comment": "CASE WHEN n %% 4 = 0 THEN 'Said ' || n ELSE '' END",
        },
    ),
    "assist_draft": (
        1,
        {
            "answers_id": "%(message)s::uuid",
            "text": "'Hello'",
            "engine": "'local'",
            "ms": "n %% 900",
            "state": "(ARRAY['used','used','dismissed','stale'])[1 + n %% 4]",
            "edit_distance": "CASE WHEN n %% 4 < 2 THEN (n %% 4) * 0.3 END",
        },
    ),
    "suggestions": (
        1,
        {
            "suggestion_type": "(ARRAY['article','similar_ticket','reply'])[1 + n %% 3]",
            "title": "'An article'",
            "shown_to_agent": "true",
            "agent_clicked": "n %% 3 = 0",
            "agent_feedback": "CASE WHEN n %% 10 = 0 THEN 'helpful' WHEN n %% 10 = 1 THEN 'irrelevant' END",
        },
    ),
    "assist_prediction": (
        1,
        {
            "field": "'category'",
            "label": "'invoices'",
            "band": "'act'",
            "correct": "n %% 9 <> 0",
            "settled_at": "at",
            "outcome": "'untouched'",
        },
    ),
    "core_modelcall": (
        1,
        {"task": "(ARRAY['reply','summary','chat'])[1 + n %% 3]", "about": "'ticket:' || ticket_id", "outcome": "'done'", "cost": "0.004"},
    ),
    "knowledge_searchlog": (2, {"query": "'invoice'", "place": "'contact'", "deflected": "n %% 5 = 0"}),
}


def fill(tickets: int, events: int, *, queues: tuple[Queue, Queue], message: Message) -> None:
    """`message`: somebody's, of which the drafts are; its customer wrote all the tickets."""
    people = [User(email=f"agent{n}@fernway.example", name=f"Agent {n}", last_seen_at=timezone.now()) for n in range(AGENTS)]
    agents = [one.pk for one in User.objects.bulk_create(people)]
    given = {"one": queues[0].pk, "two": queues[1].pk, "customer": message.ticket.customer_id, "message": message.pk}
    given |= {"agents": agents, "staff": AGENTS}
    _insert("tickets_ticket", _TICKET, _SOURCE, given | {"all": tickets})
    _insert("core_event", _EVENT, _SOURCE, given | {"all": events})
    for table, (each, columns) in _BESIDE.items():
        named = (
            "substr(number, 3)::int AS n, created_at AS at, status = 'open' AS still, customer_id, queue_id, assignee_id, id AS ticket_id"
        )
        source = f"(SELECT {named} FROM tickets_ticket WHERE number LIKE 'B-%%') t WHERE n %% {each} = 0"  # noqa: S608 - constants of this file
        _insert(table, columns, source, given)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _insert(table: str, columns: dict[str, str], source: str, given: dict[str, Any]) -> None:
    """Columns of which nothing is said, and that may not be empty, get what the database gives by itself, or nothing of their kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type, is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'"
            " FROM information_schema.columns WHERE table_name = %s",
            [table],
        )
        kinds = cursor.fetchall()
        needed = {name: _EMPTY.get(kind, "''") for name, kind, needs in kinds if needs}
        named = {name for name, _kind, _needs in kinds}
        theirs = {name: value for name, value in _THEIRS.items() if name in named and table in _BESIDE}
        values = needed | theirs | columns
        cursor.execute(f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {source}", given)  # noqa: S608
