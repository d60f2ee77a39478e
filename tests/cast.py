"""The cast: how tests make agents, customers, tickets and mails. Fixtures of the same people stand in conftest.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from customers.models import ContactPoint, Customer
from helpdesk.core import events
from helpdesk.core.models import Receipt, User
from knowledge.models import Category
from tickets import intake
from tickets.channels.base import InboundMessage, Sender
from tickets.models import Message, Queue, QueueMembership, Ticket


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
