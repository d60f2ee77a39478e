"""Retention: what is older than its policy goes, and only that."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from customers import memory, retention
from customers.access_log import note_read
from customers.memory import Observed, Source
from customers.models import AccessEntry, ConsentEntry, Customer, MemoryFact, MemoryNode, RetentionPolicy
from helpdesk.core.models import Event, User
from tests.cast import ago, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def remembered(ingrid: Customer) -> Customer:
    """An observation of 400 days ago and one of today; a plan that ended 300 days ago and one that holds since."""
    memory.grant(ingrid)
    for text, days in (("old", 400), ("new", 0)):
        memory.observe(
            [ingrid],
            Observed("Observation", "SupportInteraction", text, learned=ago(days=days), starts=ago(days=days)),
            source=Source("api"),
        )
    for plan, days in (("free", 400), ("premium", 300)):
        memory.learn(ingrid, "plan", plan, source=Source("api"), since=ago(days=days), learned=ago(days=days))
    return ingrid


def test_nothing_goes_while_no_policy_is_on(remembered: Customer) -> None:
    assert retention.counts() == retention.run() == {}
    assert retention.next_deletion(remembered) is None
    assert MemoryNode.objects.count() == 2


def test_what_is_older_than_its_policy_goes_and_the_rest_stays(remembered: Customer) -> None:
    retention.set_policy("Observation", days=365, enabled=True)
    retention.set_policy("Fact", days=200, enabled=True)
    assert retention.counts() == {"Observation": 1, "Fact": 2}
    assert retention.run() == {"Observation": 1, "Fact": 2}  # the belief that was retired, and the time that ended
    assert [node.text for node in MemoryNode.objects.all()] == ["new"]
    assert [fact.value for fact in MemoryFact.objects.all()] == ["premium"]
    assert {event.data["data_type"]: event.data["deleted"] for event in Event.objects.filter(kind="retention.applied")} == {
        "Observation": 1,
        "Fact": 2,
    }
    assert retention.run() == {"Observation": 0, "Fact": 0}
    assert Event.objects.filter(kind="retention.applied").count() == 2
    assert ConsentEntry.objects.count() == 1


def test_products_and_agents_are_no_customers_data(ingrid: Customer) -> None:
    memory.observe([], Observed("Entity", "Product", "Scanner", learned=ago(days=900), entity_ref="p"), source=Source("api"))
    retention.set_policy("Entity", days=1, enabled=True)
    assert retention.run() == {"Entity": 0}


def test_more_than_a_batch_goes_in_batches(ingrid: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _time in range(5):
        note_read(None, ingrid.pk, "memory")
    retention.set_policy("Access", days=1, enabled=True)
    assert retention.run(timezone.now() + timedelta(days=2)) == {"Access": 5}
    assert not AccessEntry.objects.exists()


def test_the_next_deletion_is_that_of_the_oldest(remembered: Customer) -> None:
    retention.set_policy("Observation", days=1_000, enabled=True)
    due = retention.next_deletion(remembered)
    assert due is not None
    assert abs(due - (timezone.now() + timedelta(days=600))) < timedelta(minutes=1)


def test_a_dry_run_counts_and_deletes_nothing(remembered: Customer) -> None:
    retention.set_policy("Observation", days=365, enabled=True)
    said = StringIO()
    call_command("retention", "--dry-run", stdout=said)
    assert "Observation: 1 would go." in said.getvalue()
    assert "Event: kept" in said.getvalue()
    assert MemoryNode.objects.count() == 2
    call_command("retention", stdout=said)
    assert "Observation: 1 deleted." in said.getvalue()


def test_bad_policies_change_nothing() -> None:
    for kind, days in (("Observation", 0), ("Observation", 40_000), ("Dream", 10)):
        with pytest.raises(ValidationError):
            retention.set_policy(kind, days=days, enabled=True)
    assert not RetentionPolicy.objects.exists()


def test_supervisors_set_policies_on_a_page_that_says_what_would_go(remembered: Customer, priya: User) -> None:
    page: Client = signed_in(priya)
    given = {f"days-{policy.data_type}": 365 for policy in retention.policies()}
    assert page.post("/settings/retention/", {**given, "on-Observation": "on"}).status_code == 302
    assert [policy.data_type for policy in RetentionPolicy.objects.filter(enabled=True)] == ["Observation"]
    assert Event.objects.filter(kind="retention.changed", actor_id=str(priya.pk)).exists()
    shown = page.get("/settings/retention/")
    assert dict((policy.data_type, due) for policy, due in shown.context["lines"])["Observation"] == 1
    assert page.post("/settings/retention/", {**given, "days-Event": "soon"}).status_code == 422
    assert RetentionPolicy.objects.filter(enabled=True).count() == 1
