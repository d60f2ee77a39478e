"""Which tables the database watches, and the function by which it does.

A watched table has a trigger that writes an AuditEntry with what changed. After each `migrate` the database is brought in line with
this file, so a table needs one line here and nothing else; tests/core/test_audit.py finds one that was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction


@dataclass(frozen=True)
class Watch:
    """`quiet` columns are left out (counters, clocks, what machines note); of `secret` ones only that they changed is kept."""

    quiet: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()


_STAMPS = ("created_at", "updated_at", "created_by_id")

WATCHED: dict[str, Watch] = {
    # people and how they sign in
    "core_user": Watch(("last_login", "last_seen_at", "availability", "is_auto_away", "date_joined", "theme"), ("password",)),
    "core_user_groups": Watch(),
    "core_user_user_permissions": Watch(),
    "account_emailaddress": Watch(),
    "mfa_authenticator": Watch(("last_used_at", "created_at"), ("data",)),
    "socialaccount_socialaccount": Watch(("last_login", "date_joined"), ("extra_data",)),
    "socialaccount_socialapp": Watch((), ("secret", "key", "settings")),
    # keys and other systems
    "core_apikey": Watch(("created_at", "last_used_at", "created_by_id"), ("key_hash", "previous_hash")),
    "core_webhook": Watch(
        (*_STAMPS, "busy_until", "paused_until", "failures", "failing_since", "last_success_at", "last_error"), ("secrets",)
    ),
    "customers_crmconnection": Watch(
        ("created_at", "cursor", "synced_at", "failures", "paused_until", "last_error"),
        ("credentials",),
    ),
    "knowledge_statushook": Watch(("last_used_at",), ("token_hash",)),
    "tickets_inboundhook": Watch((), ("secret",)),
    "tickets_chathook": Watch(("created_at", "last_error"), ("address",)),
    "assist_acdconnection": Watch(
        (
            "created_at",
            "last_event_at",
            "refused",
            "last_refused_at",
            "last_refusal",
            "listening",
            "listening_error",
            "listening_since",
        ),
        ("secrets", "key_hash"),
    ),
    "assist_widgetsite": Watch(("created_at",), ("secrets",)),
    # what language models are asked, and how far they may go
    "core_modelprovider": Watch(("changed_at", "changed_by_id"), ("credentials",)),
    "core_modelbudget": Watch(("told", "changed_at", "changed_by_id")),
    "assist_experiment": Watch(("created_at", "created_by_id")),
    "assist_experimentarm": Watch(),
    "core_promptversion": Watch(("created_at", "created_by_id")),
    "assist_actionpolicy": Watch(
        ("changed_at", "changed_by_id", "measured_act_from", "measured_propose_from", "measured_of", "measured_at")
    ),
    "assist_shadowswitch": Watch(("changed_at", "changed_by_id")),
    # teams and how work is given out
    "tickets_queue": Watch(),
    "tickets_queue_categories": Watch(),
    "tickets_queuemembership": Watch(("last_given_at",)),
    "tickets_escalationlevel": Watch(),
    "tickets_escalationlevel_on_duty": Watch(),
    "tickets_dutyshift": Watch(),
    "tickets_dutyday": Watch(),
    "tickets_rule": Watch((*_STAMPS, "next_run_at")),
    "tickets_macro": Watch((*_STAMPS, "used", "last_used_at")),
    "tickets_tag": Watch(),
    "tickets_businesshours": Watch(),
    "tickets_holiday": Watch(),
    "tickets_slapolicy": Watch(("created_at",)),
    "tickets_slapolicy_queues": Watch(),
    "knowledge_category": Watch(),
    "knowledge_synonymgroup": Watch(),
    "knowledge_component": Watch(("state", "updated_at")),
    # what triage, calls and chats go by
    "assist_callpolicy": Watch(),
    "assist_callscript": Watch(),
    "assist_scriptstep": Watch(),
    "assist_product": Watch(),
    "assist_escalationrule": Watch(),
    "assist_priorityrule": Watch(),
    "assist_frustrationindicator": Watch(),
    "assist_ownworkflow": Watch(),
    # figures, promises about data, and what left the house
    "helpdesk_figuretarget": Watch(),
    "helpdesk_alertrule": Watch(("created_at",)),
    "helpdesk_reportsubscription": Watch(("sent_for",)),
    "customers_retentionpolicy": Watch(),
    "customers_erasurewish": Watch(("started_at", "failed_at")),
    "customers_erasure": Watch(),
    "customers_customerexport": Watch(("state", "file", "done", "total", "asked_at", "ready_at")),
    "customers_customerimport": Watch(
        ("file", "state", "columns", "mapping", "done", "counts", "skipped", "error", "started_at", "asked_at")
    ),
}

FUNCTION = "helpdesk_audit_row"
_BODY = """
DECLARE
    quiet text[] := string_to_array(TG_ARGV[0], ',');
    secret text[] := string_to_array(TG_ARGV[1], ',');
    said text := coalesce(current_setting('helpdesk.actor', true), '');
    actor jsonb := CASE WHEN said = '' THEN NULL ELSE said::jsonb END;
    old_row jsonb := '{}'; new_row jsonb := '{}'; whole jsonb; before jsonb; after jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN old_row := to_jsonb(OLD) - quiet; END IF;
    IF TG_OP <> 'DELETE' THEN new_row := to_jsonb(NEW) - quiet; END IF;
    SELECT jsonb_object_agg(key, CASE WHEN key = ANY(secret) AND value NOT IN ('""', '{}', 'null') THEN '"•••"' ELSE value END)
        INTO before FROM jsonb_each(old_row) WHERE TG_OP = 'DELETE' OR new_row->key IS DISTINCT FROM value;
    SELECT jsonb_object_agg(key, CASE WHEN key = ANY(secret) AND value NOT IN ('""', '{}', 'null') THEN '"•••"' ELSE value END)
        INTO after FROM jsonb_each(new_row) WHERE TG_OP = 'INSERT' OR old_row->key IS DISTINCT FROM value;
    IF before IS NULL AND after IS NULL THEN RETURN NULL; END IF;
    whole := old_row || new_row;
    INSERT INTO core_auditentry (actor_kind, actor_id, actor_name, address, request_id, act, subject, subject_id, label, before, after)
    VALUES (
        coalesce(actor->>'actor_kind', 'database'), coalesce(actor->>'actor_id', ''),
        coalesce(actor->>'actor_name', left(session_user::text, 150)), coalesce(actor->>'address', ''), coalesce(actor->>'request_id', ''),
        CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
        TG_TABLE_NAME,
        left(coalesce(whole->>'id', whole->>'slug', whole->>'data_type', whole->>'queue_id', whole->>'user_id', whole->>'customer_id',
            whole->>'figure', whole->>'task', ''), 64),
        left(coalesce(nullif(whole->>'name', ''), whole->>'title', whole->>'slug', whole->>'email', whole->>'action', whole->>'pattern',
            whole->>'data_type', whole->>'figure', whole->>'task', ''), 150),
        before, after
    );
    RETURN NULL;
END """
_MAKE_FUNCTION = f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${_BODY}$$"
_HAVE = """
    SELECT tgrelid::regclass::text, encode(tgargs, 'escape') FROM pg_trigger WHERE tgname = 'audited'
"""


def bring_in_line(**_: object) -> None:
    """Watch every table of this file as it says, and no other. Three look-ups when nothing is new; safe to run at any time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [FUNCTION])
        if cursor.fetchone() != (_BODY,):
            cursor.execute(_MAKE_FUNCTION)
        cursor.execute(_HAVE)
        have = {table: tuple(arguments.split("\\000")[:-1]) for table, arguments in cursor.fetchall()}
        there = set(connection.introspection.table_names(cursor))
        want = {table: (",".join(one.quiet), ",".join(one.secret)) for table, one in WATCHED.items() if table in there}
        for statement, values in _statements(have, want):
            cursor.execute(statement, values)


def _statements(have: dict[str, tuple[str, ...]], want: dict[str, tuple[str, str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What is between the triggers that there are and those that are wanted. Names of tables are this file's own."""
    for table in (table for table, arguments in have.items() if want.get(table) != arguments):
        yield f"DROP TRIGGER audited ON {table}", ()
    for table, arguments in want.items():
        if have.get(table) != arguments:
            deed = f"CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON {table}"
            yield f"{deed} FOR EACH ROW EXECUTE FUNCTION {FUNCTION}(%s, %s)", arguments
