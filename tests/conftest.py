"""The cast and the tools that every test may use. Everything runs on real PostgreSQL and Redis (tests/plugins/servers.py)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from customers.models import ContactPoint, Customer, Organisation
from helpdesk.core import events
from helpdesk.core.models import ApiKey, Receipt, User
from knowledge.models import Category
from tickets import intake
from tickets.channels.base import InboundMessage, Sender
from tickets.models import Message, Queue, QueueMembership, Ticket


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Nothing is asked of a worker: what the worker would do, `drain()` does in the test itself."""
    if not {"e2e", "faults"} & {mark.name for mark in request.node.iter_markers()}:
        monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_args, **_kwargs: None)


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


def run_events(rounds: int = 10) -> int:
    done = 0
    for _round in range(rounds):
        open_receipts = list(Receipt.objects.filter(Receipt.OPEN, attempts=0).order_by("id").values_list("pk", flat=True))
        if not open_receipts:
            break
        done += sum(events.run(receipt) for receipt in open_receipts)
    return done


def make_agent(name: str, *queues: Queue, **fields: Any) -> User:
    agent = User.objects.create_user(f"{name.split(maxsplit=1)[0].lower()}@fernway.example", "correct horse", name=name, **fields)
    QueueMembership.objects.bulk_create([QueueMembership(queue=queue, user=agent) for queue in queues])
    return agent


def make_customer(name: str, email: str, **fields: Any) -> Customer:
    customer = Customer.objects.create(name=name, **fields)
    ContactPoint.objects.create(customer=customer, kind=ContactPoint.Kind.EMAIL, value=email, primary=True)
    return customer


def make_category(slug: str = "billing", **fields: Any) -> Category:
    return Category.objects.get_or_create(slug=slug, defaults={"name": slug.replace("_", " ").capitalize(), **fields})[0]


def make_inbound(
    sender: Customer | str = "someone@example.com", subject: str = "Hello", body: str = "Hello there", **fields: Any
) -> InboundMessage:
    """A plain e-mail as a channel would hand it to intake."""
    who = Sender(email=sender.email, name=sender.name) if isinstance(sender, Customer) else Sender(email=sender)
    fields.setdefault("channel", Ticket.Channel.EMAIL)
    fields.setdefault("verified", "pass")
    return InboundMessage(sender=who, subject=subject, body_text=body, **fields)


def receive(sender: Customer | str = "someone@example.com", subject: str = "Hello", body: str = "Hello there", **fields: Any) -> Message:
    return intake.receive(make_inbound(sender, subject, body, **fields))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def ago(**parts: float) -> Any:
    return timezone.now() - timedelta(**parts)
