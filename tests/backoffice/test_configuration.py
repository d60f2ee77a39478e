"""The configuration as one file: out and in again it is the same, all of it or nothing, and without a secret."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from assist.models import (
    AcdConnection,
    Experiment,
    WidgetSite,
)
from helpdesk.backoffice import configuration
from helpdesk.backoffice.configuration.shape import SECTIONS
from helpdesk.core.audit.watching import WATCHED
from helpdesk.core.errors import Invalid
from helpdesk.core.models import AuditEntry, ModelProvider, PromptVersion, User, Webhook
from knowledge.models import StatusHook
from tests.cast import make_agent, receive, signed_in
from tickets.models import (
    InboundHook,
    Queue,
    QueueMembership,
    Rule,
    Tag,
)

from .configured import bring_in, of

pytestmark = pytest.mark.django_db
OWN_TABLES = {
    "core_promptversion",
    "core_modelprovider",
    "assist_experiment",
    "assist_experimentarm",
}  # of the sections with ways of their own


def emptied() -> None:
    """As if this were another installation, where the migrations have just run."""
    Rule.objects.all().delete()
    for section in reversed(SECTIONS):
        section.model._default_manager.all().delete()
    ModelProvider.objects.all().delete()
    Experiment.objects.all().delete()
    PromptVersion.objects.all().delete()


def test_out_and_into_an_empty_database_and_out_again_gives_the_same_bytes(company: None) -> None:
    first = configuration.as_text()
    empty = [name for name, rows in json.loads(first)["sections"].items() if not rows]
    assert empty == [], "something of every section, else this shows nothing"
    emptied()
    bring_in(first)
    assert configuration.as_text() == first


def test_the_same_file_twice_changes_nothing_and_leaves_no_trace(company: None) -> None:
    text, before = configuration.as_text(), AuditEntry.objects.count()
    assert bring_in(text, remove=True).differences == []
    assert AuditEntry.objects.count() == before


def test_a_trial_says_everything_and_does_nothing(company: None, support: Queue) -> None:
    sections = json.loads(configuration.as_text())["sections"]
    sections["queues"][-1]["signature"] = "Kind regards"
    sections["tags"].append({"name": "outage"})
    before = configuration.as_text()
    result = configuration.bring_in(sections, by=None, trial=True)
    assert [(one.deed, one.section, one.name) for one in result.differences] == [
        ("created", "tags", "outage"),
        ("changed", "queues", sections["queues"][-1]["slug"]),
    ]
    assert result.differences[1].changes == (("signature", "", "Kind regards"),)
    assert configuration.as_text() == before


def test_a_row_that_makes_no_sense_stops_the_whole_file(company: None) -> None:
    sections = json.loads(configuration.as_text())["sections"]
    sections["tags"].append({"name": "outage"})
    sections["business_hours"][0]["week"] = [[[600, 500]]] * 7
    with pytest.raises(Invalid, match=r"business_hours.*Hours end after they begin"):
        configuration.bring_in(sections, by=None)
    assert not Tag.objects.filter(name="outage").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "not a configuration file"),
        (json.dumps({"format": "helpdesk-configuration", "version": 2}), "version 2"),
        (json.dumps({"format": "helpdesk-configuration", "version": 1, "sections": {}, "x": 1}), "unknown field “x”"),
        (of("quesues"), "unknown field “quesues”"),
        (of("queues", {"slug": "a", "colour": "red"}), r"queues\[0\]: unknown field “colour”"),
        (of("queues", {"name": "a"}), "“slug” is missing"),
        (of("queues", {"slug": "a", "position": "1"}), r"queues\[0\].position: a value of another kind"),
        (of("queues", {"slug": "a", "position": True}), "another kind"),
        (of("queues", {"slug": "a", "members": [{"user": "a@b.example", "password": "x"}]}), "unknown field “password”"),
        (of("people", {"email": "a@b.example", "password": "x"}), "unknown field “password”"),
        (of("people", {"email": "a@b.example", "is_superuser": True}), "unknown field “is_superuser”"),
        (of("webhooks", {"name": "a", "secrets": {"now": "x"}}), "brings no secrets"),
        (of("tags", {"name": "a\x00b"}), "cannot be stored"),
        (of("business_hours", {"name": "a", "holidays": [{"day": "soon", "name": ""}]}), "another kind"),
        ('{"format": "helpdesk-configuration", "version": 1, "sections": {"alert_rules": [{"name": "a", "limit": NaN}]}}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("x" * 2_000_001, "larger than 2 MB"),
    ],
)
def test_what_is_no_configuration_is_refused_with_the_place(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        configuration.parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (of("queues", {"slug": "a", "name": "A", "members": [{"user": "nobody@b.example", "takes_work": True}]}), "nobody@b.example"),
        (of("queues", {"slug": "a", "name": "A", "routing": "by magic"}), "routing"),
        (of("webhooks", {"name": "a", "url": "http://127.0.0.1/", "kinds": [], "scopes": [], "is_active": True}), "webhooks"),
        (of("rules", {"name": "a", "kinds": ["no.such"], "actions": []}), "no.such"),
        (of("prompts", {"name": "no-such", "text": "x"}), "no such prompt"),
        (of("escalation_levels", {"slug": "nobody", "minutes": 5}), "slug"),
        (of("people", {"email": "not an address", "name": "X"}), "email"),
    ],
)
def test_a_row_that_fits_nothing_here_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        bring_in(text)


def test_no_secret_and_no_password_is_in_the_file(company: None) -> None:
    text = configuration.as_text()
    hook, site = Webhook.objects.get(), WidgetSite.objects.get()
    hidden = [hook.signing()[0], site.identity_secret, InboundHook.objects.get().secret, StatusHook.objects.get().token_hash, "canary"]
    hidden += [AcdConnection.objects.get().key_hash, *User.objects.values_list("password", flat=True)]
    assert [one for one in hidden if one and one in text] == []


def test_what_the_file_does_not_have_stays_unless_its_removal_is_asked_for(support: Queue, billing: Queue) -> None:
    text = of("queues", {"slug": "support", "name": "General support"})
    assert bring_in(text).differences == []
    assert [(one.deed, one.name) for one in bring_in(text, remove=True).differences] == [("removed", "billing")]


def test_a_team_that_still_has_tickets_is_not_removed(support: Queue) -> None:
    receive()
    with pytest.raises(Invalid, match="still in use"):
        bring_in(of("queues", {"slug": "other", "name": "Other", "is_default": True}), remove=True)
    assert Queue.objects.filter(slug="support").exists()


def test_the_default_moves_from_one_team_to_another(support: Queue, billing: Queue) -> None:
    bring_in(of("queues", {"slug": "billing", "is_default": True}))
    assert [one.slug for one in Queue.objects.filter(is_default=True)] == ["billing"]


def test_a_rule_names_teams_and_colleagues_not_ids(company: None, maya: User, billing: Queue) -> None:
    rule = next(one for one in configuration.export()["sections"]["rules"] if one["name"] == "Invoices to Maya")
    assert rule["conditions"]["all"][0]["value"] == "billing"
    assert rule["actions"][0]["value"] == maya.email


def test_new_people_have_no_password_and_old_ones_keep_theirs(ruth: User, maya: User) -> None:
    person = {"email": "New@fernway.example", "name": "New Colleague", "role": "lead", "is_active": True}
    bring_in(of("people", person, {"email": maya.email, "name": "Maya L."}))
    new = User.objects.get(email="new@fernway.example")
    maya.refresh_from_db()
    assert not new.has_usable_password() and new.role == "lead"
    assert maya.check_password("correct horse") and maya.name == "Maya L."


def test_a_file_takes_nobodys_last_key_to_the_house(ruth: User) -> None:
    with pytest.raises(Invalid, match="no admin"):
        bring_in(of("people", {"email": ruth.email, "role": "agent"}))
    make_agent("Olga Petrova", role=User.Role.ADMIN)
    with pytest.raises(Invalid, match="your own rights"):
        bring_in(of("people", {"email": ruth.email, "role": "agent"}), by=ruth)


def test_bringing_in_is_in_the_audit_with_its_author(ruth: User) -> None:
    bring_in(of("tags", {"name": "outage"}), by=ruth, label="setup.json")
    entry = AuditEntry.objects.get(act="imported")
    assert (entry.actor_name, entry.label, entry.after) == ("Ruth Abernathy", "setup.json", {"created": 1})
    assert AuditEntry.objects.get(subject="tickets_tag", label="outage").actor_id == str(ruth.pk)


def test_what_is_watched_is_in_the_file_or_left_out_for_a_reason() -> None:
    of_file = {section.model._meta.db_table for section in SECTIONS} | OWN_TABLES
    of_file |= {child.model._meta.db_table for section in SECTIONS for child in section.children.values()}
    of_file |= {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.auto_created in {s.model for s in SECTIONS}
    }
    by_secrets = {
        "core_apikey",
        "mfa_authenticator",
        "socialaccount_socialaccount",
        "socialaccount_socialapp",
    }
    of_one_person = {"account_emailaddress", "helpdesk_reportsubscription"}
    deeds = {"customers_erasurewish", "customers_erasure", "customers_customerexport", "customers_customerimport", "tickets_dutyday"}
    assert set(WATCHED) - of_file == by_secrets | of_one_person | deeds
    assert of_file <= set(WATCHED)


# ---- the commands and the page ----


def test_the_commands_write_the_file_show_the_difference_and_bring_it_in(ruth: User, support: Queue, tmp_path: Any) -> None:
    file, said = tmp_path / "helpdesk.json", StringIO()
    call_command("export_config", str(file), stdout=StringIO())
    Queue.objects.filter(pk=support.pk).update(signature="changed")
    call_command("import_config", file, dry_run=True, stdout=said)
    assert "changed queues: support" in said.getvalue() and "Would be: 1 changed." in said.getvalue()
    assert Queue.objects.get(pk=support.pk).signature == "changed"
    call_command("import_config", file, by=ruth.email, stdout=StringIO())
    assert Queue.objects.get(pk=support.pk).signature == ""
    file.write_text("{}")
    with pytest.raises(CommandError, match=r"Nothing was changed\."):
        call_command("import_config", file, stdout=StringIO())


def test_on_the_page_the_difference_is_shown_first_and_made_on_a_second_word(ruth: User, support: Queue) -> None:
    client, text = signed_in(ruth), of("queues", {"slug": "support", "signature": "Kind <b>regards</b>", "skills": ["french", "german"]})
    shown = client.post("/settings/configuration/", {"file": SimpleUploadedFile("setup.json", text.encode())})
    page = shown.content.decode()
    assert "Kind &lt;b&gt;regards" in page and "french, german" in page
    assert Queue.objects.get(pk=support.pk).signature == ""
    again = {"text": shown.context["text"], "label": shown.context["label"], "go": shown.context["mark"]}
    assert client.post("/settings/configuration/", again).status_code == 302
    assert Queue.objects.get(pk=support.pk).signature == "Kind <b>regards</b>"
    late = client.post("/settings/configuration/", again)  # it would change nothing now: what was shown holds no more
    assert late.status_code == 200 and late.context["meanwhile"]


def test_only_an_admin_brings_a_file_in(priya: User, ruth: User) -> None:
    assert signed_in(priya).get("/settings/configuration/export/")["Content-Disposition"].endswith('.json"')
    file = SimpleUploadedFile("setup.json", of("people", {"email": priya.email, "role": "admin"}).encode())
    assert signed_in(priya).post("/settings/configuration/", {"file": file}).status_code == 403
    refused = signed_in(ruth).post("/settings/configuration/", {"file": SimpleUploadedFile("x.json", b"\xff\xfe")})
    assert refused.status_code == 422 and "Nothing was changed" in refused.content.decode()


def test_members_come_and_go_with_the_file_and_who_stays_keeps_their_turn(support: Queue, maya: User, tomasz: User) -> None:
    kept = QueueMembership.objects.get(queue=support, user=maya)
    rows = [{"user": maya.email, "right": "answer", "takes_work": True}, {"user": tomasz.email, "right": "see", "takes_work": False}]
    bring_in(of("queues", {"slug": "support", "members": rows}))
    assert set(support.memberships.values_list("user__email", "right", "takes_work")) == {
        (maya.email, "answer", True),
        (tomasz.email, "see", False),
    }
    assert support.memberships.filter(pk=kept.pk).exists()
