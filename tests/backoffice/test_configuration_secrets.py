"""What lives by secrets comes in the configuration file without them; experiments come as drafts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assist.models import (
    AcdConnection,
    Experiment,
)
from customers.models import CrmConnection
from helpdesk.backoffice import configuration
from helpdesk.backoffice.configuration.shape import LOCKED
from helpdesk.core.errors import Invalid
from helpdesk.core.llm import prompts, providers
from helpdesk.core.models import User
from knowledge.models import StatusHook
from tickets.models import (
    InboundHook,
    Queue,
)

from .configured import bring_in, of

pytestmark = pytest.mark.django_db


def test_a_row_that_lives_by_secrets_keeps_those_that_are_here(company: None) -> None:
    sections = json.loads(configuration.as_text())["sections"]
    locked = {name for name, rows in sections.items() if rows and rows[0].get("secrets") == "to be entered"}
    assert locked == {*LOCKED, "language_model"}
    sections["crm_connections"][0]["writes_cases"] = False
    sections["telephony"][0]["settings"] = {"addresses": ["192.0.2.0/24"]}
    sections["language_model"][0]["local"] = ["chat"]
    before = AcdConnection.objects.get()
    configuration.bring_in(sections, by=None)
    crm, phones = CrmConnection.objects.get(), AcdConnection.objects.get()
    assert not crm.writes_cases and crm.credentials == {"api_token": "canary-token"}
    assert (phones.key_hash, phones.secrets) == (before.key_hash, before.secrets) and phones.settings == {"addresses": ["192.0.2.0/24"]}
    assert providers.current().key == "sk-canary-0123456789" and not providers.current().asks("chat")
    sections["crm_connections"][0]["base_url"] = "https://elsewhere.example.com"
    configuration.bring_in(sections, by=None)
    assert CrmConnection.objects.get().credentials == {}, "they go to no address that a file names"


def test_a_new_row_that_lives_by_secrets_opens_nothing_until_they_are_entered(support: Queue, ruth: User) -> None:
    rows = {
        "crm_connections": {"name": "Hub", "vendor": "hubspot", "base_url": "https://x.example.com", "secrets": "to be entered"},
        "telephony": {"provider": "pbx", "name": "Switch", "settings": {}},
        "status_webhooks": {"name": "Alerts", "kind": "alertmanager"},
        "inbound_webhooks": {"name": "Shop", "queue": "support"},
    }
    sections = {name: [row] for name, row in rows.items()}
    found = configuration.bring_in(sections, by=ruth, trial=True)
    assert [one.section for one in found.to_enter] == ["inbound_webhooks", "status_webhooks", "crm_connections", "telephony"]
    configuration.bring_in(sections, by=ruth)
    assert CrmConnection.objects.get().credentials == {} and AcdConnection.objects.get().secrets == {}
    assert len(StatusHook.objects.get().token_hash) == len(AcdConnection.objects.get().key_hash) == 64
    assert InboundHook.objects.get().secret


@pytest.mark.parametrize(
    ("section", "row", "says"),
    [
        ("language_model", {"secrets": "hunter2"}, "is missing"),
        ("tags", {"name": "x", "secrets": "to be entered"}, "unknown field"),
        ("crm_connections", {"name": "x", "vendor": "zendesk", "base_url": "https://127.0.0.1/"}, "may not be reached"),
        ("telephony", {"provider": "pbx", "name": "x", "settings": {"password": "x"}}, "there is no “password”"),
        ("telephony", {"provider": "pbx", "name": "x", "settings": {"addresses": ["here"]}}, "no IP address"),
        ("telephony", {"provider": "genesys", "name": "x", "settings": {"region": "evil.example"}}, "there is no “evil.example”"),
        ("experiments", {"name": "x"}, "is missing"),
    ],
)
def test_what_a_form_would_refuse_a_file_does_not_bring(section: str, row: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        bring_in(of(section, row))


def test_an_experiment_comes_as_a_draft_and_what_ran_stays_as_it_is(company: None, ruth: User) -> None:
    sections = json.loads(configuration.as_text())["sections"]
    assert [arm["prompt"] for arm in sections["experiments"][0]["arms"]] == [prompts.find("reply").text, None]
    sections["experiments"][0]["arms"][0]["prompt"] = "Write like a pirate."
    configuration.bring_in(sections, by=ruth)
    first = Experiment.objects.get().arms.get(position=0)
    assert first.prompt_number and prompts.find("reply").wording(first.prompt_number).text == "Write like a pirate."
    assert prompts.find("reply").current().text == "Write kindly.", "what is in use stays in use"
    Experiment.objects.update(state="running")
    sections["experiments"][0]["metric"] = "satisfaction"
    assert configuration.bring_in(sections, by=ruth, remove=True).differences == []
    assert configuration.bring_in({"experiments": []}, by=ruth, remove=True).differences == []
    sections["experiments"][0]["minimum"] = 3
    with pytest.raises(Invalid, match=r"experiments: \[0\].minimum"):
        configuration.bring_in(sections, by=ruth)
