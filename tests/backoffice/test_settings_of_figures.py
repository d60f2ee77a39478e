"""What supervisors set about figures and escalations: targets, levels, who is on duty; each change says what was before."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from helpdesk.backoffice.metrics import board, people, targets
from helpdesk.backoffice.metrics.scope import Scope
from helpdesk.core.models import Event, User
from helpdesk.models import FigureTarget
from tests.cast import make_agent, receive, signed_in
from tickets.models import EscalationLevel, Queue, SlaPolicy

pytestmark = pytest.mark.django_db
WRONG = [("first_reply", "soon"), ("first_reply", "0"), ("sla", "120"), ("sla", "-1"), ("csat", "6"), ("negative", "nan")]


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def promise(minutes: int, **more: Any) -> SlaPolicy:
    return SlaPolicy.objects.create(targets={"normal": {"first_reply": minutes, "resolve": 600}}, **more)


def test_a_target_is_the_companys_own_else_the_slas_else_as_delivered(support: Queue, billing: Queue) -> None:
    assert targets.current()["first_reply"] == targets.Target(1800, "usual")
    assert targets.current()["resolution"].value is None
    promise(90, name="Everybody", is_default=True)
    promise(20, name="Billing").queues.add(billing)
    promise(5, name="Gold", tiers=["gold"])
    promise(1, name="Off", is_active=False)
    assert targets.current()["first_reply"] == targets.Target(5400, "sla")
    assert targets.current(billing)["first_reply"].value == 1200
    assert targets.current(support)["first_reply"].value == 5400
    assert targets.current()["resolution"] == targets.Target(36000, "sla")
    FigureTarget.objects.create(figure="first_reply", value=60)
    assert targets.current(billing)["first_reply"] == targets.Target(60, "own")


def test_a_target_is_set_shown_and_emptied_and_the_log_says_so(as_priya: Client) -> None:
    assert as_priya.post("/settings/figures/", {"first_reply": "1 h 30", "sla": "90", "csat": "4,2"}).status_code == 302
    assert dict(FigureTarget.objects.values_list("figure", "value")) == {"first_reply": 5400, "sla": 0.9, "csat": 4.2}
    shown = as_priya.get("/settings/figures/").content.decode()
    assert 'value="1 h 30"' in shown and 'value="90"' in shown and "as delivered: 20%" in shown
    assert "target 90%" in as_priya.get("/dashboard/").content.decode()
    assert "Target set here" in as_priya.get("/dashboard/figures/").content.decode()
    as_priya.post("/settings/figures/", {"sla": "90"})
    last = Event.objects.filter(kind="figures.changed").latest("id")
    assert (last.data["old"]["first_reply"], last.data["new"]) == (5400, {"sla": 0.9})
    as_priya.post("/settings/figures/", {"sla": "90"})
    assert Event.objects.filter(kind="figures.changed").count() == 2


@pytest.mark.parametrize(("figure", "value"), WRONG)
def test_a_target_that_is_none_is_refused_and_changes_nothing(as_priya: Client, figure: str, value: str) -> None:
    answer = as_priya.post("/settings/figures/", {"drafts": "40", figure: value})
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.content.decode()
    assert not FigureTarget.objects.exists()


def test_what_misses_its_target_is_marked(support: Queue) -> None:
    for n in range(2):
        receive(f"c{n}@example.com", external_id=f"{n}@x.example")
    FigureTarget.objects.create(figure="negative", value=0.001)
    found = {tile.definition.name: tile for tile in board.read(Scope.of("today")).tiles}
    assert not found["negative"].missed, "nothing is felt yet"
    assert found["csat"].value == "–"


def test_an_agents_load_is_held_against_their_own_capacity(support: Queue) -> None:
    anna = make_agent("Anna", support, capacity=4)
    receive("c@example.com").ticket.assign(to=anna, by=None)
    shown, _here, _free = people.agents(Scope.of("today"))
    assert [(one.user, one.open, one.capacity, one.percent) for one in shown] == [(anna, 1, 4, 25)]


def test_a_level_gets_its_time_its_way_and_its_people(as_priya: Client, maya: User) -> None:
    as_priya.post("/settings/escalations/legal/", {"minutes": "30", "then": "security", "on_duty": [str(maya.pk)]})
    level = EscalationLevel.objects.get(slug="legal")
    assert (level.minutes, level.then, list(level.on_duty.all())) == (30, "security", [maya])
    page = as_priya.get("/settings/escalations/").content.decode()
    assert "Within 30 minutes" in page and maya.name in page and "Nobody on duty" in page
    told = Event.objects.get(kind="escalation_level.changed").data
    assert (told["old"]["minutes"], told["new"]) == (240, {"minutes": 30, "then": "security", "on_duty": [maya.name]})


def test_a_level_that_would_come_back_to_itself_is_refused(as_priya: Client) -> None:
    EscalationLevel.objects.create(slug="security", minutes=5, then="legal")
    answer = as_priya.post("/settings/escalations/legal/", {"minutes": "30", "then": "security"})
    assert answer.status_code == 422 and "come back to this level" in answer.content.decode()
    for wrong in ({"minutes": "-1"}, {"minutes": "many"}, {"minutes": "30", "then": "the moon"}):
        assert as_priya.post("/settings/escalations/legal/", wrong).status_code == 422
    assert as_priya.get("/settings/escalations/moon/").status_code == 404
