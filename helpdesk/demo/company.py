"""The people: agents with their sign-ins, queues, organisations and customers. What is there under the same id is brought up to date."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress

from customers.models import ContactPoint, Customer, Organisation
from helpdesk.core.models import User
from knowledge.models import Article, Category
from tickets.models import Queue, QueueMembership

from .moments import Moments
from .source import demo_id, people


@dataclass
class Cast:
    """Everyone and everything that a ticket can name, by the short key of the files."""

    agents: dict[str, User] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)


def load_agents(password: str, at: Moments) -> dict[str, User]:
    return {row["key"]: _agent(row, password, at) for row in people()["agents"]}


def _agent(row: dict[str, Any], password: str, at: Moments) -> User:
    """An agent who can sign in. A colleague who was here before under that address is left as they are."""
    known = User.objects.filter(email__iexact=row["email"]).first()
    if known and known.pk != demo_id("agent", row["key"]):
        return known
    agent = known or User(pk=demo_id("agent", row["key"]), date_joined=at.ago(days=400))
    for name in ("name", "email", "role", "time_zone", "availability", "signature", "skills"):
        setattr(agent, name, row[name])
    named = f"agent-{row['key']}"  # as the transcripts that are replayed call them
    if not User.objects.filter(external_id=named).exclude(pk=agent.pk).exists():
        agent.external_id = named
    agent.is_active = True
    agent.set_password(password)
    agent.save()
    EmailAddress.objects.update_or_create(user=agent, email=agent.email, defaults={"verified": True, "primary": True})
    return agent


def load_queues(agents: dict[str, User], categories: dict[str, Category]) -> dict[str, Queue]:
    queues = {}
    for position, row in enumerate(people()["queues"]):
        queue = queues[row["key"]] = _queue(row, position)
        queue.categories.add(*(categories[slug] for slug in row["categories"]))
        QueueMembership.objects.bulk_create(
            [QueueMembership(queue=queue, user=agents[key]) for key in row["members"]], ignore_conflicts=True
        )
    return queues


def _queue(row: dict[str, Any], position: int) -> Queue:
    """The demo's queue; the company's own one where it has that address already."""
    own_id = demo_id("queue", row["key"])
    others = Queue.objects.exclude(pk=own_id)
    if taken := others.filter(slug=row["slug"]).first():
        return taken
    fields = {name: row[name] for name in ("name", "slug", "sender_name", "signature", "icon")}
    fields["email_address"] = "" if others.filter(email_address=row["email_address"]).exists() else row["email_address"]
    fields["is_default"] = row["is_default"] and not others.filter(is_default=True).exists()
    return Queue.objects.update_or_create(pk=own_id, defaults={**fields, "position": position})[0]


def load_customers(at: Moments) -> dict[str, Customer]:
    organisations = {row["key"]: _organisation(row, at, age) for age, row in enumerate(people()["organisations"])}
    _write(Organisation, list(organisations.values()), ["name", "domains", "tier", "external_id", "notes"])
    customers = {row["key"]: _customer(row, organisations, at, age) for age, row in enumerate(people()["customers"])}
    fields = [
        "name",
        "organisation",
        "title",
        "tier",
        "technical_level",
        "satisfaction_score",
        "language",
        "time_zone",
        "external_id",
        "attributes",
    ]
    _write(Customer, list(customers.values()), fields)
    # an address that belongs to somebody else by now stays theirs
    ContactPoint.objects.bulk_create(
        [point for row in people()["customers"] for point in _contact_points(row, customers[row["key"]])], ignore_conflicts=True
    )
    found = (
        Customer.objects.prefetch_related("contact_points").select_related("organisation").in_bulk([one.pk for one in customers.values()])
    )
    return {key: found[one.pk] for key, one in customers.items()}


def _organisation(row: dict[str, Any], at: Moments, age: int) -> Organisation:
    fields = {name: row[name] for name in ("name", "domains", "tier", "external_id")}
    notes = "\n".join(f"{name.capitalize()}: {value}" for name, value in row["attributes"].items())
    return Organisation(pk=demo_id("organisation", row["key"]), notes=notes, created_at=at.ago(days=1500 - age * 37), **fields)


def _customer(row: dict[str, Any], organisations: dict[str, Organisation], at: Moments, age: int) -> Customer:
    fields = {name: row[name] for name in ("name", "tier", "technical_level", "satisfaction_score", "language", "time_zone", "external_id")}
    attributes = {name: value for name, value in row["attributes"].items() if name != "job"}
    return Customer(
        pk=demo_id("customer", row["key"]),
        organisation=organisations.get(row["organisation"]),
        title=row["attributes"].get("job", ""),
        attributes=attributes,
        created_at=at.ago(days=1300 - age * 17),
        **fields,
    )


def _contact_points(row: dict[str, Any], customer: Customer) -> list[ContactPoint]:
    kinds = [(ContactPoint.Kind.EMAIL, row["emails"]), (ContactPoint.Kind.PHONE, row["phones"])]
    return [
        ContactPoint(
            pk=demo_id("contact", value),
            customer=customer,
            kind=kind,
            value=value,
            primary=not n,
            verified=True,
            created_at=customer.created_at + timedelta(minutes=n),
        )
        for kind, values in kinds
        for n, value in enumerate(values)
    ]


def _write(model: Any, rows: list[Any], fields: list[str]) -> None:
    model.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=fields)
