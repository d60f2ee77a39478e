"""A person is erased from every store: a canary in each of them, and no trace of it afterwards (security T49)."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from redis import Redis

from assist.chat import conversation, handing_over
from assist.models import (
    AcdConnection,
    AcdEvent,
    AgentAction,
    CallDesk,
    CallNote,
    CallScript,
    CallSession,
    CallUpdate,
    ChatSession,
    Draft,
    Experiment,
    LabelledExample,
    SaidStep,
    Suggestion,
    TicketSummary,
    TriageRun,
    WidgetSite,
    WidgetVisitor,
)
from assist.triage import similar
from customers import erasure, memory, merging
from customers.access_log import note_read
from customers.memory import Observed, Source
from customers.models import AccessEntry, CrmConnection, Customer, CustomerImport, Erasure, MemorySummary
from helpdesk.core.embeddings import store as vectors
from helpdesk.core.errors import NotAllowed
from helpdesk.core.events import record
from helpdesk.core.models import Embedding, IdempotencyRecord, ModelCall, OneTimeToken, User, Webhook
from knowledge import cases
from tests.cast import make_customer, receive, run_events
from tests.plugins.servers import REDIS_DATABASES_EACH
from tickets import searching
from tickets.models import Attachment, Delivery, Escalation, Message, Rating, RawMail, Ticket

pytestmark = pytest.mark.django_db
CANARY = "Canary7f3a9c1e5b2d8046canary7f3a9c1e5b2d"  # forty letters

# From the catalogue, so that a table that comes tomorrow is looked into as well.
TABLES = """
    select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1
"""
LINKED = """
    select distinct att.attrelid::regclass::text from pg_attribute att join pg_class c on c.oid = att.attrelid and c.relkind = 'r'
    left join pg_constraint con on con.conrelid = att.attrelid and con.contype = 'f' and att.attnum = any(con.conkey)
    where c.relnamespace = 'public'::regnamespace and (att.attname in ('customer_ref', 'ticket_ref', 'source_id') or con.confrelid in
      ('customers_customer'::regclass, 'tickets_ticket'::regclass, 'tickets_message'::regclass, 'call_sessions'::regclass))
"""
# Tables that point at a customer, ticket, message or call, and hold no word of anybody: numbers, times, choices of agents.
WORDLESS = {
    "assist_prediction": "labels of ours",
    "assist_triagebatchpiece": "names of categories, teams and colleagues",
    "customers_customerexport": "its file is looked into",
    "customers_customermerge": "ids, and what was filled",
    "customers_erasurewish": "times",
    "tickets_chatpost": "words of a rule, its variables unfilled",
    "tickets_macrouse": "ids",
    "tickets_massreplypiece": "why nothing was sent, in a word of ours",
    "tickets_notice": "words of a rule, its variables unfilled",
    "tickets_rulefiring": "names of teams, colleagues and labels, before and after",
    "tickets_statuslink": "why it belongs to an incident, in a word of ours",
    "tickets_ticket_tags": "two ids",
    "tickets_ticketmerge": "ids and labels",
    "tickets_ticketread": "times",
}
NEEDLES = [form for word in (CANARY.encode(), CANARY.lower().encode()) for form in (word, word.hex().encode())]  # bytea is written in hex


def dump() -> dict[str, list[str]]:
    """What pg_dump would write: every row of every table, large values too. {table: the lines that name the canary}"""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                lines = b"".join(bytes(piece) for piece in copy).splitlines()
            if named := [line.decode()[:120] for line in lines if any(needle in line for needle in NEEDLES)]:
                found[table] = named
    return found


def linked_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(LINKED)
        return {table for (table,) in cursor.fetchall()}


def files() -> list[str]:
    root = Path(settings.MEDIA_ROOT)
    kept = [path for path in root.rglob("*") if path.is_file()]
    return [str(path) for path in kept if CANARY.encode() in path.read_bytes() or CANARY in path.name]


def in_redis() -> list[str]:
    """Keys of the cache, the live updates and the bells of Celery that name the canary, in their name or their value."""
    first = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]
    where = first.connection_pool.connection_kwargs
    found = []
    for use in range(REDIS_DATABASES_EACH):
        server = Redis(unix_socket_path=where["path"], db=where["db"] + use)
        found += [key.decode(errors="replace") for key in server.scan_iter("*") if any(one in key + _value(server, key) for one in NEEDLES)]
        server.close()
    return found


def _value(server: Redis, key: bytes) -> bytes:
    """As it is held; a dump would compress it."""
    kind = server.type(key)
    read: Any = {
        b"string": lambda: [server.get(key)],
        b"list": lambda: server.lrange(key, 0, -1),
        b"set": lambda: server.smembers(key),
        b"zset": lambda: server.zrange(key, 0, -1),
        b"hash": lambda: [*server.hgetall(key).keys(), *server.hgetall(key).values()],
    }[kind]
    return b" ".join(value for value in read() if value)


@pytest.fixture
def planted(support: Any, maya: User, dwayne: Customer) -> Customer:
    """The canary in every store that knows of customers."""
    person = make_customer(f"Ada {CANARY}", f"{CANARY.lower()}@canary.example", title=CANARY, attributes={"note": CANARY})
    person.contact_points.create(kind="phone", value="+4555500199")
    memory.grant(person, source=CANARY)
    message = receive(person, f"About {CANARY}", f"I use version 4.2. {CANARY}", external_id=f"<{CANARY}@canary.example>")
    ticket = message.ticket
    Escalation.objects.create(ticket=ticket, level="supervisor", reasons=[f"Asked for a manager: {CANARY}"])
    run_events()
    searching.index_ticket(ticket.pk)
    searching.index_message(message.pk)
    raw = RawMail.objects.create(
        raw=f"Subject: {CANARY}".encode(), content_hash=CANARY, source="lmtp", envelope_from=person.email, message=message
    )
    Message.objects.filter(pk=message.pk).update(raw_mail=raw, quoted_text=CANARY, body_html=f"<p>{CANARY}</p>", metadata={"x": CANARY})
    Message.objects.create(
        ticket=ticket, author_kind="agent", user=maya, body_text=f"Dear {CANARY}", channel="email", visibility="internal"
    )
    file = Attachment(message=message, name=f"{CANARY}.txt", size=40)
    file.file.save(f"{CANARY}.txt", ContentFile(CANARY.encode()))
    file.save()
    Ticket.objects.filter(pk=ticket.pk).update(analysis={"summary": CANARY}, metadata={"x": CANARY})
    Rating.objects.create(ticket=ticket, customer=person, score=1, comment=CANARY, source="mail")
    plant_assistance(person, ticket, message)
    plant_memory(person, ticket, maya)
    plant_elsewhere(person, ticket, dwayne)
    plant_beside(person, ticket, maya)
    return person


def plant_assistance(person: Customer, ticket: Ticket, message: Message) -> None:
    TriageRun.objects.create(ticket=ticket, result={"summary": CANARY})
    Draft.objects.update_or_create(ticket=ticket, answers=message, defaults={"text": CANARY})
    TicketSummary.objects.create(ticket=ticket, engine="local", lines=[{"part": "asked", "text": CANARY, "message": str(message.pk)}])
    Suggestion.objects.create(ticket=ticket, suggestion_type="reply", title=CANARY, content=CANARY)
    LabelledExample.objects.update_or_create(ticket=ticket, field="category", defaults={"label": "x", "text": CANARY})
    vectors.remember(similar.KIND, [vectors.Passage(ticket.pk, 0, CANARY)])
    cases.remember([cases.Solved(source=("ticket", ticket.number), text=CANARY, customer_ref=person.pk)])
    call = CallSession.objects.create(call_id=f"call-{uuid4()}", customer=person, phone="+4555500199", summary=CANARY, notes=CANARY)
    call.segments.create(speaker="customer", text=CANARY, start_time=0, end_time=1, text_hash="x")
    AgentAction.objects.create(session=call, agent_name="summary", action_type="x", processing_time_ms=1, output={"x": CANARY})
    CallNote.objects.create(session=call, at=1, text=CANARY)
    CallDesk.objects.update_or_create(session=call, defaults={"wrap_up": {"summary": CANARY}})
    CallUpdate.objects.create(session=call, n=1, payload={"text": CANARY})
    call.questions.create(text=CANARY, purpose="x")
    step = CallScript.objects.create(name="Greeting").steps.create(text="Say hello")
    SaidStep.objects.create(session=call, step=step, at=1, quote=CANARY)
    Delivery.objects.create(message=message, recipient=person.email)
    arm = (tried := Experiment.objects.create(name="x")).arms.create(name="x")
    tried.assignments.create(arm=arm, unit=ticket.pk)
    site = WidgetSite.objects.create(name="Shop")
    WidgetVisitor.objects.create(site=site, customer=person, external_id="ada", name=CANARY, email=person.email)
    WidgetVisitor.objects.create(site=site, email=person.email)
    chat = ChatSession.objects.create(customer=person, session_id=CANARY, summary=CANARY, slots={"name": CANARY}, email=person.email)
    chat.messages.create(n=1, role="user", content=CANARY, message=message)
    handed = ChatSession.objects.create(customer=person, session_id=f"{CANARY}-2", email=person.email)
    conversation.hear(handed, f"Can you tell {CANARY}?")
    handing_over.hand_over(handed, f"asked for by {CANARY}")
    line = AcdConnection.create(provider="pbx", name="x")[0]
    AcdEvent.objects.create(
        connection=line, event_id="1", kind="x", call_id=call.call_id, content_type="x", body=CANARY, due_at=timezone.now()
    )


def plant_memory(person: Customer, ticket: Ticket, maya: User) -> None:
    memory.learn(person, "carrier", CANARY, source=Source("message", "x", CANARY, ticket.pk))
    node = memory.observe([person], Observed("Observation", "SupportInteraction", CANARY, {"text": CANARY}), source=Source("agent"))
    at = node.starts_at
    MemorySummary.objects.create(
        customer=person, month=at.date(), at=at, learned_at=at, text=CANARY, sources=[node.pk], number=1, newest=1, by="x@0"
    )
    note_read(maya, person.pk, "profile", CANARY)
    note_read(person, person.pk, "privacy page")
    run = CustomerImport(name="x.csv", skipped=[{"source": "line 1", "reason": person.email}])
    run.file.save("x.csv", ContentFile(f"name\n{person.name}\n".encode()))
    run.save()


def plant_beside(person: Customer, ticket: Ticket, maya: User) -> None:
    """In the CRM, in a record that was merged, and in the back office's own history."""
    crm = CrmConnection.objects.create(name="Hub", vendor="hubspot", base_url="https://crm.example")
    crm.records.create(customer=person, person={"name": CANARY}, history=[{"subject": CANARY}])
    crm.cases.create(customer=person, source=ticket.number, case={"subject": CANARY})
    crm.exchanges.create(operation="find", outcome="done", detail=f"asked for {person.email}")
    run = person.exports.create()
    run.file.save("x.zip", ContentFile(CANARY.encode()))
    merging.merge(kept=person, merged=make_customer(f"Twin {CANARY}", "twin@canary.example", title=CANARY), by=maya)
    LogEntry.objects.create(
        user=maya, content_type=ContentType.objects.get_for_model(Customer), object_id=str(person.pk), object_repr=CANARY, action_flag=2
    )


def plant_elsewhere(person: Customer, ticket: Ticket, dwayne: Customer) -> None:
    """What stands in the tickets of somebody else, who stays."""
    other = receive(dwayne, "Something else", "Words").ticket
    words = Message.objects.create(
        ticket=other, author_kind="customer", customer=person, author_name=CANARY, body_text=CANARY, channel="email"
    )
    Message.objects.filter(ticket=other).exclude(pk=words.pk).update(recipients=[person.email, "kept@x.example"])
    other.participants.create(address=person.email, customer=person)
    TriageRun.objects.create(ticket=other, result={"similar_tickets": [{"number": ticket.number, "subject": CANARY}, {"number": "kept"}]})
    Ticket.objects.filter(pk=other.pk).update(metadata={"escalation": {"briefing": [f"Solved before: {ticket.number}, {CANARY}", "kept"]}})
    record("message.quarantined", subject=words, ticket=other, by=person, reason="x", sender=person.email)
    OneTimeToken.issue(OneTimeToken.Purpose.TRACKING, lifetime=timedelta(days=1), email=person.email, data={"ticket": str(ticket.pk)})
    ModelCall.objects.create(task="reply", model="x", payload_hash="x", customer_ref=person.pk, payload=CANARY, answer=CANARY)
    ModelCall.objects.create(task="reply", model="x", payload_hash="x", about=f"ticket:{ticket.pk}", payload=CANARY)
    hook = Webhook.objects.create(name="Partner", url="https://partner.example/")
    hook.deliveries.create(kind="ticket.created", ticket_ref=ticket.pk, body=json.dumps({"subject": CANARY}))
    hook.deliveries.create(kind="message.bounced", body=person.email, tries=[{"answer": CANARY}])
    IdempotencyRecord.objects.create(scope="key:x", key="1", request_hash="x", body=json.dumps({"customer": person.name}).encode())


def test_no_trace_is_left_in_any_table_file_cache_or_log(
    planted: Customer, priya: User, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    planted_in = set(dump())
    assert linked_tables() - planted_in - set(WORDLESS) == set(), "plant a canary there, or say why nobody's words are in it"
    assert files()
    cache.set("a-control", CANARY, 60)
    assert in_redis(), "the scan sees what is there"
    cache.delete("a-control")
    tickets = list(Ticket.objects.filter(customer=planted).values_list("pk", flat=True))
    caplog.clear()
    with caplog.at_level("DEBUG"), django_capture_on_commit_callbacks(execute=True):
        receipt = erasure.erase(planted.pk, by=priya)
    assert dump() == {}
    assert files() == []
    assert in_redis() == []
    assert CANARY not in caplog.text
    assert not Embedding.objects.filter(object_id__in=tickets).exists()
    assert {"tickets and messages", "calls and transcripts", "memory and facts", "vectors of tickets", "files"} <= set(receipt.stores)
    assert all(receipt.stores[name] for name in erasure.stores()), receipt.stores
    assert str(planted.pk) not in json.dumps(receipt.receipt)
    assert not Customer.objects.filter(pk=planted.pk).exists()


def test_what_belongs_to_others_stays(planted: Customer, priya: User, dwayne: Customer) -> None:
    erasure.erase(planted.pk, by=priya)
    other = Ticket.objects.get(customer=dwayne)
    assert other.subject == "Something else"
    assert [message.body_text for message in other.messages.order_by("created_at")] == ["Words", ""]
    assert TriageRun.objects.get(ticket=other, result__has_key="similar_tickets").result == {"similar_tickets": [{"number": "kept"}]}
    assert other.messages.order_by("created_at")[0].recipients == ["kept@x.example"]


def test_that_somebody_looked_stays_without_whom_they_looked_at(planted: Customer, priya: User, maya: User) -> None:
    erasure.erase(planted.pk, by=priya)
    assert list(AccessEntry.objects.filter(actor_id=str(maya.pk)).values_list("what", "why")) == [("profile", "")]


def test_erasing_twice_gives_the_same_receipt(planted: Customer) -> None:
    first = erasure.erase(planted.pk)
    assert erasure.erase(planted.pk).receipt == first.receipt
    assert Erasure.objects.count() == 2  # theirs, and their twin's


def test_records_that_were_merged_go_together(ingrid: Customer, priya: User) -> None:
    twin = make_customer("Twin", "twin@nordhavn.example")
    merging.merge(kept=ingrid, merged=twin, by=priya)
    erasure.erase(twin.pk, by=priya)
    assert not Customer.objects.filter(pk__in=(ingrid.pk, twin.pk)).exists()
    assert Erasure.objects.count() == 2


def test_an_agent_may_not_erase(ingrid: Customer, maya: User) -> None:
    with pytest.raises(NotAllowed):
        erasure.erase(ingrid.pk, by=maya)
    assert Customer.objects.filter(pk=ingrid.pk).exists()


def test_the_command_prints_the_receipt_and_replays_it_after_a_restore(ingrid: Customer, tmp_path: Path) -> None:
    out = StringIO()
    kept = {name: getattr(ingrid, name) for name in ("id", "name", "tier")}
    call_command("erase_customer", str(ingrid.pk), stdout=out)
    assert json.loads(out.getvalue())["id_hash"] == erasure.id_hash(kept["id"])
    Erasure.objects.all().delete()  # yesterday's backup knows of no erasure
    Customer.objects.create(**kept)
    receipts = tmp_path / "receipts.jsonl"
    receipts.write_text(out.getvalue())
    call_command("erase_customer", replay=receipts, stdout=StringIO())
    assert not Customer.objects.filter(pk=kept["id"]).exists()


@pytest.mark.parametrize("wrong", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_id_that_is_nobody_s_is_said(wrong: str) -> None:
    with pytest.raises(CommandError):
        call_command("erase_customer", wrong)


def test_a_customer_of_many_years_is_found_by_thousands_of_ids_at_once(support: Any, dwayne: Customer) -> None:
    ours, own = [str(uuid4()) for _n in range(3_000)], receive(dwayne, "One", "Words").ticket
    numbers = [f"TKT-20240101-{n:04}" for n in range(3_000)]
    named = {
        "id": {"ticket": ours[1234].upper()},
        "number": {"text": f"as in {numbers[42]}."},
        "address": {"to": ["Ada@x.example"]},
        "other": {"n": f"{numbers[1]}9"},
    }
    for step, result in named.items():
        TriageRun.objects.create(ticket=own, engine=step, result=result)
    needles = [*ours, *numbers, "ada@x.example", *(f"odd_{n}" for n in range(1_000))]
    found = erasure.mentioning(TriageRun.objects.all(), "result", needles)
    assert set(found.values_list("engine", flat=True)) == {"id", "number", "address"}, "a longer number is another one"


UNINDEXED = """
    select con.conrelid::regclass::text || '.' || att.attname
    from pg_constraint con join pg_attribute att on att.attrelid = con.conrelid and att.attnum = con.conkey[1]
    where con.contype = 'f' and con.connamespace = 'public'::regnamespace and not exists (
      select 1 from pg_index i where i.indrelid = con.conrelid and i.indkey[0] = con.conkey[1] and i.indpred is null)
"""


def test_every_foreign_key_is_indexed_so_that_a_deleted_row_costs_no_scan() -> None:
    with connection.cursor() as cursor:
        cursor.execute(UNINDEXED)
        assert cursor.fetchall() == []
