"""Supervisors write, start, read, stop, decide and undo an experiment on its pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assist.experiments import running
from assist.models import Draft, Experiment
from helpdesk.core.llm import providers
from helpdesk.core.models import User
from tests.cast import signed_in
from tests.plugins.model_server import ModelServer

from .conftest import Make

FORM = {
    "name": "Shorter wording",
    "feature": "reply",
    "unit": "ticket",
    "metric": "acceptance",
    "minimum": "40",
    "guard-ungrounded": "20",
    "guard-cost": "0.05",
    "arm0-name": "In use",
    "arm0-engine": "model",
    "arm0-weight": "50",
    "arm1-name": "Small",
    "arm1-engine": "model",
    "arm1-model": "small-1",
    "arm1-weight": "50",
    "arm2-name": "",
    "arm2-engine": "model",
}


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def test_from_the_form_to_the_decision_and_back(as_priya: Client, model: ModelServer) -> None:
    assert as_priya.get("/evaluation/experiments/new/").status_code == 200
    answer = as_priya.post("/evaluation/experiments/new/", FORM, follow=True)
    experiment = Experiment.objects.get()
    assert experiment.guards == {"ungrounded": 0.2, "cost": 0.05} and experiment.arms.count() == 2
    assert "Not started" in answer.content.decode()
    edit, act = f"/evaluation/experiments/{experiment.pk}/edit/", f"/evaluation/experiments/{experiment.pk}/act/"
    assert 'value="20.0"' in as_priya.get(edit).content.decode()
    as_priya.post(edit, FORM | {"name": "Another name"})
    assert "Another name" in as_priya.get("/evaluation/experiments/").content.decode()
    assert "runs from now on" in as_priya.post(act, {"act": "start"}, follow=True).content.decode()
    assert as_priya.get(edit).status_code == 302
    refused = as_priya.post(act, {"act": "decide", "arm": "1"}, follow=True).content.decode()
    assert "The numbers do not say so yet" in refused
    as_priya.post(act, {"act": "decide", "arm": "1", "reason": "It costs a tenth"})
    assert providers.current().model_for("reply") == "small-1"
    assert "It costs a tenth" in as_priya.get(f"/evaluation/experiments/{experiment.pk}/").content.decode()
    as_priya.post(act, {"act": "undo"})
    assert providers.current().model_for("reply") == "test-1"
    assert as_priya.post(act, {"act": "dance"}).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [{"minimum": "5"}, {"guard-cost": "-1"}, {"arm1-weight": "0"}, {"arm1-name": ""}, {"arm1-model": ""}, {"arm1-prompt_number": "9"}],
)
def test_what_cannot_be_is_said_and_nothing_is_saved(wrong: dict[str, str], as_priya: Client) -> None:
    assert as_priya.post("/evaluation/experiments/new/", FORM | wrong).status_code == 422
    assert not Experiment.objects.exists()


def test_the_page_says_what_the_numbers_say_at_the_same_cost(
    as_priya: Client, make: Make, outcomes: Callable[..., Any], priya: User, model: ModelServer
) -> None:
    experiment = make(guards={"dismissed": 0.5})
    running.start(experiment, by=priya)
    control, other = experiment.arms.all()
    outcomes(control, 10, 2)
    outcomes(other, 10, 8)
    path = f"/evaluation/experiments/{experiment.pk}/"
    as_priya.get(path)
    with CaptureQueriesContext(connection) as few:
        assert "Too few to say: 10 of at least 30" in as_priya.get(path).content.decode()
    outcomes(control, 60, 12)
    outcomes(other, 60, 48)
    for draft in Draft.objects.all()[:20]:
        Draft.objects.filter(pk=draft.pk).update(shown_at=draft.created_at - timedelta(days=3))
    with CaptureQueriesContext(connection) as many:
        page = as_priya.get(path).content.decode()
    assert "“Small model” is better than “In use”" in page and 'class="course arm-1"' in page and "Holds" in page
    assert "80.0%" in page and "20.0%" in page and "+60.0 pt" in page
    assert len(few) == len(many)


def test_agents_do_not_see_them(as_maya: Client, make: Make) -> None:
    experiment = make()
    assert as_maya.get("/evaluation/experiments/").status_code == 403
    assert as_maya.get(f"/evaluation/experiments/{experiment.pk}/").status_code == 403


def test_a_key_reads_what_each_arm_came_to(api_key: str, make: Make, outcomes: Callable[..., Any]) -> None:
    experiment, client = make(guards={"cost": 0.1}), Client(headers={"Authorization": f"Bearer {api_key}"})
    control, other = experiment.arms.all()
    outcomes(control, 40, 10)
    outcomes(other, 40, 39)
    listed = client.get("/api/v1/experiments/").json()["results"]
    assert [one["name"] for one in listed] == ["A smaller model"] and [arm["name"] for arm in listed[0]["arms"]] == [
        "In use",
        "Small model",
    ]
    found = client.get(f"/api/v1/experiments/{experiment.pk}/").json()
    first, second = found["results"]
    assert (first["n"], first["value"], first["verdict"], first["change_always"]) == (40, 0.25, "", None)
    assert second["verdict"] == "better" and second["change_always"]["low"] < second["change_once"]["low"] < second["change"] == 0.725
    assert client.get("/api/v1/experiments/00000000-0000-0000-0000-000000000000/").status_code == 404
