"""The cast and the tools that every test may use. Everything runs on real PostgreSQL and Redis (tests/plugins/servers.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from customers.models import Customer, Organisation
from helpdesk.core import absence
from helpdesk.core.models import ApiKey, User
from tests.cast import make_agent, make_customer, receive, run_events, signed_in
from tickets.models import Queue, Ticket

# A busy machine is not a Redis that is away: counts and limits must come out the same. Stacks that tests start keep their own patience.
django_settings.CACHES["default"]["OPTIONS"]["socket_timeout"] = 60


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit empty every table when they end; the audit alone would refuse it."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in ("core_auditentry", "core_auditseal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER never_emptied")


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Nothing is asked of a worker: what the worker would do, `drain()` does in the test itself."""
    if not {"e2e", "faults"} & {mark.name for mark in request.node.iter_markers()}:
        monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_args, **_kwargs: None)


@pytest.fixture(autouse=True)
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts deeds counts them in one window for the length of a test, even if the minute turns meanwhile."""
    now = timezone.now()
    monkeypatch.setattr("helpdesk.core.limits._start_of", lambda _window: now)


@pytest.fixture(autouse=True)
def _no_memory_of_an_absence() -> None:
    """A test that took Redis away leaves the next one a Redis that answers."""
    absence.redis.forget()


@pytest.fixture
def clean_cache() -> Any:
    cache.clear()
    yield cache
    cache.clear()


@pytest.fixture
def support(db: None) -> Queue:
    return Queue.objects.create(
        name="General support", slug="support", email_address="support@fernway.example", sender_name="Fernway Support", is_default=True
    )


@pytest.fixture
def billing(db: None) -> Queue:
    return Queue.objects.create(name="Billing", slug="billing", email_address="billing@fernway.example", icon="credit-card")


@pytest.fixture
def maya(support: Queue) -> User:
    """An agent of General support."""
    return make_agent("Maya Lindqvist", support)


@pytest.fixture
def tomasz(billing: Queue) -> User:
    """An agent of Billing only: what General support holds is none of his business."""
    return make_agent("Tomasz Wójcik", billing)


@pytest.fixture
def priya(db: None) -> User:
    """A supervisor: sees every queue."""
    return make_agent("Priya Raman", role=User.Role.SUPERVISOR)


@pytest.fixture
def ingrid(db: None) -> Customer:
    nordhavn = Organisation.objects.create(name="Nordhavn Logistics A/S", domains=["nordhavn.example"], tier="enterprise")
    return make_customer("Ingrid Sørensen-Dahl", "ingrid@nordhavn.example", organisation=nordhavn, tier="enterprise")


@pytest.fixture
def dwayne(db: None) -> Customer:
    return make_customer("Dwayne Okonkwo-Barrett", "dwayne@barrett.example")


@pytest.fixture
def ticket(support: Queue, ingrid: Customer) -> Ticket:
    """Ingrid wrote in by e-mail; nobody has answered yet."""
    return receive(ingrid, "EU sync API returning 503", "Since 13:52 every call returns 503.").ticket


@pytest.fixture
def as_maya(maya: User) -> Client:
    return signed_in(maya)


@pytest.fixture
def api_key(db: None) -> str:
    """The secret of a key that may do everything."""
    return ApiKey.issue("Tests", scopes=["*"])[1]


@pytest.fixture
def api(api_key: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {api_key}"})


@pytest.fixture
def drain(db: None) -> Callable[[], int]:
    """Do what the worker would do: run every open receipt, and those that this opens, until none is left."""
    return run_events
