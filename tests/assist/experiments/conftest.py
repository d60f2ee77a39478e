"""Experiments as a supervisor makes them, and units whose outcome is known."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assist.experiments import running
from assist.models import Draft, Experiment, ExperimentArm
from customers.models import Customer
from helpdesk.core.models import User
from tickets.models import Message, Queue, Ticket

IN_USE = {"name": "In use", "engine": "model", "model": "", "prompt_number": None, "weight": 50}
SMALL = {"name": "Small model", "engine": "model", "model": "small-1", "prompt_number": None, "weight": 50}
LOCAL = {"name": "No model", "engine": "local", "model": "", "prompt_number": None, "weight": 50}
Make = Callable[..., Experiment]


@pytest.fixture
def make(priya: User) -> Make:
    """A draft; more arms and other fields on request."""

    def made(*arms: dict[str, Any], experiment: Experiment | None = None, **fields: Any) -> Experiment:
        given = {"name": "A smaller model", "feature": "reply", "unit": "ticket", "metric": "acceptance", "minimum": 30, "guards": {}}
        return running.save(given | fields, arms or (IN_USE, SMALL), by=priya, experiment=experiment)

    return made


@pytest.fixture
def outcomes(support: Queue, ingrid: Customer) -> Callable[..., list[Ticket]]:
    """So many tickets of an arm, each with a draft that an agent saw: `accepted` of them accepted and sent."""

    def made(arm: ExperimentArm, n: int, accepted: int = 0, *, edit: float = 0.0, state: str = "stale", **ticket: Any) -> list[Ticket]:
        now = timezone.now()
        tickets = [
            Ticket(number=f"TKT-X-{uuid.uuid4().hex[:10]}", subject="x", customer=ingrid, queue=support, channel="email", **ticket)
            for _ in range(n)
        ]
        Ticket.objects.bulk_create(tickets)
        messages = [Message(ticket=one, author_kind="customer", body_text="x", channel="email") for one in tickets]
        Message.objects.bulk_create(messages)
        arm.assignments.model.objects.bulk_create(
            arm.assignments.model(experiment_id=arm.experiment_id, arm=arm, unit=one.pk) for one in tickets
        )
        Draft.objects.bulk_create(
            Draft(
                ticket=one,
                answers=message,
                text="x",
                arm=arm,
                created_at=now + timedelta(seconds=i),
                shown_at=now + timedelta(seconds=i),
                accepted_at=now if i < accepted else None,
                state="used" if i < accepted else state,
                edit_distance=edit if i < accepted else None,
            )
            for i, (one, message) in enumerate(zip(tickets, messages, strict=True))
        )
        return tickets

    return made
