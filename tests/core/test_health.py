"""/health says what is there, quickly, whatever hangs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.core.cache import cache
from django.test import Client

from helpdesk.core import health
from helpdesk.core.tasks import HEARTBEAT_KEY


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No checks but those that the test registers."""
    monkeypatch.setattr(health, "_checks", {})
    monkeypatch.setattr(health, "_running", {})
    yield


@pytest.mark.django_db(transaction=True)
def test_it_answers_in_the_contracts_shape(client: Client) -> None:
    answer = client.get("/health")
    assert set(answer.json()) >= {"status", "timestamp", "version", "components"}
    assert set(answer.json()["components"]) >= {"database", "redis", "worker", "embeddings", "llm"}
    assert answer.json()["components"]["database"] == "healthy"
    assert answer.json()["timestamp"].endswith("Z")


def test_nothing_works_without_the_database_so_it_answers_503(only: None, client: Client) -> None:
    health.check("database", fails=health.UNHEALTHY)(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")


def test_a_part_that_hangs_counts_as_failed_and_is_asked_only_once(only: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    released, asked = Event(), []

    def hang() -> str:
        asked.append(1)
        released.wait(20)
        return health.HEALTHY

    health.check("slow")(hang)
    assert [health.examine(), health.examine()] == [{"slow": "degraded"}] * 2
    released.set()
    assert len(asked) == 1


def test_what_is_not_configured_does_not_count() -> None:
    assert health.overall({"database": health.HEALTHY, "llm": health.NOT_CONFIGURED}) == "healthy"
    assert health.overall({"database": health.HEALTHY, "worker": health.DEGRADED}) == "degraded"


def test_a_heartbeat_that_is_too_old_is_no_heartbeat() -> None:
    cache.set(HEARTBEAT_KEY, datetime.now(UTC).isoformat())
    assert health.worker() == "healthy"
    cache.set(HEARTBEAT_KEY, (datetime.now(UTC) - timedelta(minutes=2)).isoformat())
    assert health.worker() == "degraded"


def test_liveness_asks_nobody(only: None, client: Client) -> None:
    assert client.get("/health/live").json()["status"] == "healthy"
