"""The audit: every change leaves its row, whoever makes it and however; and what is done to the rows is noticed."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from helpdesk.backoffice.metrics.scope import start_of
from helpdesk.core.admin_rights import BackOfficeAdmin, ReadOnlyAdmin
from helpdesk.core.audit import acting_for, chain, note, watching
from helpdesk.core.models import ApiKey, AuditEntry, AuditSeal, User
from tests.cast import make_agent, signed_in
from tickets.models import Queue, Tag

pytestmark = pytest.mark.django_db


def newest(subject: str) -> AuditEntry:
    return AuditEntry.objects.filter(subject=subject).latest("id")


def sql(statement: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@contextmanager
def without_guards():
    """What somebody who owns the database can do: the tables' own triggers stand aside."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # else checks that wait for the commit keep the tables as they are
    for table in ("core_auditentry", "core_auditseal"):
        sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for table in ("core_auditentry", "core_auditseal"):
        sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def five(db):
    """A sealed chain of five entries."""
    chain.seal()
    start = chain.head().seq
    for number in range(5):
        Tag.objects.create(name=f"tag {number}")
    chain.seal()
    return [seal.entry for seal in AuditSeal.objects.filter(seq__gt=start).order_by("seq").select_related("entry")]


# ---- what is written ----


def test_a_change_on_a_page_says_who_from_where_and_what(priya, support):
    signed_in(priya).post(
        f"/settings/routing/{support.pk}/",
        {"routing": "round_robin", "skills": "refunds", "matches_language": "on"},
        REMOTE_ADDR="192.0.2.7",
    )
    entry = newest("tickets_queue")
    assert (entry.act, entry.label, entry.subject_id) == ("changed", "General support", str(support.pk))
    assert (entry.actor_kind, entry.actor_id, entry.actor_name, entry.address) == ("agent", str(priya.pk), "Priya Raman", "192.0.2.7")
    assert entry.before == {"routing": "manual", "skills": []}
    assert entry.after == {"routing": "round_robin", "skills": ["refunds"]}
    assert entry.request_id


def test_many_rows_at_once_and_sql_by_hand_leave_their_rows_too(support, billing):
    before = AuditEntry.objects.count()
    Queue.objects.update(icon="star")
    sql("UPDATE tickets_queue SET icon = 'inbox' WHERE slug = 'billing'")
    assert AuditEntry.objects.count() == before + 3
    assert newest("tickets_queue").before == {"icon": "star"}


def test_a_change_in_the_back_office_is_the_persons_who_made_it(support):
    ruth = make_agent("Ruth Abernathy", role=User.Role.ADMIN)
    signed_in(ruth).post("/admin/tickets/tag/add/", {"name": "outage"})
    entry = newest("tickets_tag")
    assert (entry.act, entry.actor_name, entry.after["name"]) == ("created", "Ruth Abernathy", "outage")


def test_nobody_inherits_the_name_of_who_acted_before(priya):
    with acting_for(priya):
        Tag.objects.create(name="hers")
    Tag.objects.create(name="the machine's")
    assert newest("tickets_tag").actor_kind == "system"
    assert AuditEntry.objects.get(label="hers").actor_id == str(priya.pk)


def test_of_a_secret_only_that_it_changed_is_kept(maya):
    key, secret = ApiKey.issue("Partner", scopes=["*"])
    maya.set_password("another horse")
    maya.save(update_fields=["password"])
    assert newest("core_user").after == {"password": "•••"}
    assert newest("core_apikey").after["key_hash"] == "•••"
    written = json.dumps(list(AuditEntry.objects.values("before", "after", "label")))
    assert secret not in written and key.key_hash not in written and "another horse" not in written


def test_what_machines_note_beside_a_row_is_no_change(maya):
    before = AuditEntry.objects.count()
    User.objects.filter(pk=maya.pk).update(last_seen_at=None, availability="away")
    assert AuditEntry.objects.count() == before


def test_signing_in_and_being_locked_out_are_entries(maya):
    browser = Client(REMOTE_ADDR="192.0.2.99")
    browser.post("/accounts/login/", {"login": maya.email, "password": "correct horse"})
    assert AuditEntry.objects.filter(act="signed_in", subject_id=str(maya.pk), address="192.0.2.99").count() == 1
    browser.post("/accounts/logout/")
    assert AuditEntry.objects.filter(act="signed_out", actor_id=str(maya.pk)).exists()


def test_a_change_that_is_taken_back_leaves_no_row(support):
    before = AuditEntry.objects.count()
    with transaction.atomic():
        support.delete()
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == before


def test_what_the_back_office_can_change_is_watched():
    """A model that is new in the back office has its line in core/audit/watching.py, or is named here with the reason."""
    elsewhere = {
        "customers_customer",  # people, not settings: their history is in the event spine and the access log, and goes with them
        "customers_organisation",
        "knowledge_article",  # revisions keep every version
        "knowledge_deployment",  # what happened to our systems, not how we are set up
    }
    editable = {
        model._meta.db_table
        for model, one in admin.site._registry.items()
        if isinstance(one, BackOfficeAdmin) and not isinstance(one, ReadOnlyAdmin)
    }
    assert editable - set(watching.WATCHED) == elsewhere


def test_every_watched_table_is_watched_as_it_says():
    with connection.cursor() as cursor:
        cursor.execute(watching._HAVE)
        have = {table: tuple(said.split("\\000")[:-1]) for table, said in cursor.fetchall()}
        columns = {table: {one.name for one in connection.introspection.get_table_description(cursor, table)} for table in watching.WATCHED}
    assert have == {table: (",".join(one.quiet), ",".join(one.secret)) for table, one in watching.WATCHED.items()}
    assert [(t, c) for t, one in watching.WATCHED.items() for c in (*one.quiet, *one.secret) if c not in columns[t]] == []


# ---- the chain ----


def test_each_entry_is_sealed_once_to_the_one_before(five):
    seals = list(AuditSeal.objects.order_by("seq"))
    assert [one.seq for one in seals] == list(range(1, len(seals) + 1))
    assert [one.previous for one in seals] == [chain.BEFORE_THE_FIRST, *(one.hash for one in seals[:-1])]
    assert chain.seal() == 0
    assert chain.verify() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET label = 'x'",
        "DELETE FROM core_auditentry",
        "UPDATE core_auditseal SET hash = 'x'",
        "DELETE FROM core_auditseal",
        "TRUNCATE core_auditentry, core_auditseal",
    ],
)
def test_the_database_itself_refuses_to_change_or_remove_a_row(five, statement):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("ALTER TABLE core_auditentry ENABLE TRIGGER never_emptied")  # the suite empties tables between tests: tests/conftest.py
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        sql(statement)


def broken_by(statement: str, *values) -> str:
    with without_guards():
        sql(statement, *values)
    with pytest.raises(CommandError) as refused:
        call_command("verify_audit", stdout=StringIO())
    assert refused.value.returncode == 1
    return str(refused.value)


def test_a_changed_row_is_named(five):
    said = broken_by("UPDATE core_auditentry SET actor_name = 'Nobody' WHERE id = %s", five[2].pk)
    assert f"entry {five[2].seal.seq}" in said and "changed" in said and "tag 2" in said


def test_a_removed_row_is_named(five):
    seq = five[1].seal.seq
    with without_guards():
        sql("DELETE FROM core_auditseal WHERE seq = %s", seq)
    said = broken_by("DELETE FROM core_auditentry WHERE id = %s", five[1].pk)
    assert f"entry {seq}" in said and "missing" in said


def test_an_inserted_row_is_named(five):
    """Somebody who makes room in the middle must number anew what follows, and its hashes no longer hold."""
    seq = five[3].seal.seq
    stranger = note("changed", "tickets_queue", label="never happened")
    with without_guards():
        sql("UPDATE core_auditseal SET seq = seq + 1000 WHERE seq >= %s", seq)
        sql("UPDATE core_auditseal SET seq = seq - 999 WHERE seq >= 1000")
        before = five[2].seal
        made = chain.link(stranger, chain.Head(before.seq, before.hash))
        AuditSeal.objects.create(seq=made.seq, entry=stranger, previous=before.hash, hash=made.hash)
    with pytest.raises(CommandError, match=f"entry {seq + 1}"):
        call_command("verify_audit", stdout=StringIO())


def test_two_rows_that_changed_places_are_named(five):
    one, other = five[1].seal, five[2].seal
    with without_guards():
        sql("UPDATE core_auditseal SET seq = -1 WHERE seq = %s", one.seq)
        sql("UPDATE core_auditseal SET seq = %s WHERE seq = %s", one.seq, other.seq)
    assert f"entry {one.seq}" in broken_by("UPDATE core_auditseal SET seq = %s WHERE seq = -1", other.seq)


def test_what_is_cut_off_the_end_shows_against_an_anchor(five, tmp_path):
    kept, said = tmp_path / "anchors.jsonl", StringIO()
    call_command("verify_audit", anchor=kept, stdout=said)
    assert chain.head().hash in said.getvalue()
    with without_guards():
        sql("DELETE FROM core_auditseal WHERE seq = %s", five[4].seal.seq)
        sql("DELETE FROM core_auditentry WHERE id = %s", five[4].pk)
    call_command("verify_audit", stdout=StringIO())  # the chain itself holds
    with pytest.raises(CommandError, match="anchor names entry"):
        call_command("verify_audit", against=kept, stdout=StringIO())


def test_a_chain_written_anew_is_not_the_one_that_was_anchored(five, tmp_path):
    kept = tmp_path / "anchors.jsonl"
    call_command("verify_audit", anchor=kept, stdout=StringIO())
    with without_guards():
        sql("DELETE FROM core_auditseal")
        sql("UPDATE core_auditentry SET label = 'another' WHERE id = %s", five[0].pk)
    chain.seal(everywhere=True)
    assert chain.verify() is None
    with pytest.raises(CommandError, match="written anew"):
        call_command("verify_audit", against=kept, stdout=StringIO())


# ---- the page ----


def test_a_supervisor_reads_what_changed_and_finds_it_by_filters(priya, support):
    with acting_for(priya):
        Queue.objects.filter(pk=support.pk).update(sender_name="Fernway Care")
        Tag.objects.create(name="outage")
    page = signed_in(priya).get("/settings/audit/", {"what": "tickets_queue", "who": "Priya"})
    text = page.content.decode()
    assert "Fernway Support" in text and "Fernway Care" in text and "outage" not in text


def test_older_entries_come_page_by_page_without_gap_or_repeat(priya):
    Tag.objects.bulk_create(Tag(name=f"tag {number:03}") for number in range(120))
    seen, before, client = [], "", signed_in(priya)
    while True:
        page = client.get("/settings/audit/", {"what": "tickets_tag", "before": before, "machines": "on"})
        seen += [line.entry.label for line in page.context["lines"]]
        if not (before := page.context["page"].older):
            break
    assert seen == [f"tag {number:03}" for number in reversed(range(120))]


def test_a_page_asks_the_same_number_of_questions_however_many_entries(priya, django_assert_max_num_queries):
    Tag.objects.bulk_create(Tag(name=f"tag {number}") for number in range(60))
    client = signed_in(priya)
    client.get("/settings/audit/?machines=on")
    with django_assert_max_num_queries(20):
        client.get("/settings/audit/?machines=on")


def test_a_spreadsheet_of_the_audit_runs_nothing_and_is_itself_noted(priya):
    Tag.objects.create(name="=cmd|'/C calc'!A0")
    answer = signed_in(priya).get("/settings/audit/", {"what": "tickets_tag", "form": "csv", "machines": "on"})
    text = answer.content.decode()
    assert ",'=cmd" in text and ",=cmd" not in text
    assert AuditEntry.objects.get(act="exported", subject="core_auditentry", actor_id=str(priya.pk)).after == {"rows": 1}


def test_what_the_system_did_by_itself_is_shown_to_who_asks_for_it(priya):
    Tag.objects.create(name="made at the first start")
    with acting_for(priya):
        Tag.objects.create(name="made by hand")
    client = signed_in(priya)
    people, all_ = (client.get("/settings/audit/", query).content.decode() for query in ({}, {"machines": "on"}))
    assert "made by hand" in people and "made at the first start" not in people
    assert "made by hand" in all_ and "made at the first start" in all_


def test_days_are_the_companys_whatever_the_readers_clock(priya):
    User.objects.filter(pk=priya.pk).update(time_zone="Pacific/Auckland")
    late = start_of(date(2026, 3, 3)) - timedelta(hours=1)  # in Auckland it is the third already
    AuditEntry.objects.create(
        at=late, act="changed", subject="tickets_tag", label="on the second", actor_kind="agent", actor_id=str(priya.pk)
    )

    def of(day: str) -> list[str]:
        page = signed_in(priya).get("/settings/audit/", {"since": day, "until": day})
        return [line.entry.label for line in page.context["lines"]]

    assert (of("2026-03-02"), of("2026-03-03")) == (["on the second"], [])


@pytest.mark.parametrize(
    "junk", ["before=x", "before=99999999999999999999", "since=yesterday", "until=9999-12-31", "since=0001-01-01", "what=nothing"]
)
def test_junk_in_the_filters_is_left_out(priya, junk):
    assert signed_in(priya).get(f"/settings/audit/?{junk}").status_code == 200


def test_an_agent_does_not_read_the_audit(as_maya):
    assert as_maya.get("/settings/audit/").status_code == 403
