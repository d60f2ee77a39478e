"""What is aimed at with each figure: what the company set; else, for waits, what its SLA promises; else what `definitions` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from helpdesk.core.errors import Invalid
from helpdesk.core.events import record
from helpdesk.core.models import User
from helpdesk.models import FigureTarget
from tickets.models import Queue, SlaPolicy
from tickets.sla.clocks import FIRST_REPLY, RESOLVE

from .definitions import DEFINITIONS

PROMISES = {"first_reply": FIRST_REPLY, "resolution": RESOLVE}
OF_PRIORITY = "normal"  # whose promise a wait over all tickets is held against


@dataclass(frozen=True)
class Target:
    value: float | None
    source: str  # own | sla | usual


def current(queue: Queue | None = None) -> dict[str, Target]:
    """By the name of the figure; of one team, by its own SLA. Three statements."""
    own = dict(FigureTarget.objects.values_list("figure", "value"))
    promised = _promised(queue)
    found = {}
    for name, definition in DEFINITIONS.items():
        if name in own:
            found[name] = Target(own[name], "own")
        elif name in promised:
            found[name] = Target(promised[name], "sla")
        else:
            found[name] = Target(definition.target, "usual")
    return found


def _promised(queue: Queue | None) -> dict[str, float]:
    """In seconds. The policy is the one that a ticket of this team, of a customer without a tier, falls under."""
    for policy in SlaPolicy.objects.filter(is_active=True).prefetch_related("queues"):  # the default one comes last
        teams = {one.pk for one in policy.queues.all()}
        if policy.is_default or (not policy.tiers and (not teams or (queue is not None and queue.pk in teams))):
            minutes = policy.targets.get(OF_PRIORITY, {})
            return {name: 60 * minutes[kind] for name, kind in PROMISES.items() if minutes.get(kind)}
    return {}


def save(values: Mapping[str, float | None], *, by: User) -> None:
    """None: as the SLA or the house has it. Raises Invalid for a figure that has no target."""
    if unknown := set(values) - {name for name, one in DEFINITIONS.items() if one.aims}:
        raise Invalid(f"No target is kept for {', '.join(sorted(unknown))}")
    with transaction.atomic():
        before = dict(FigureTarget.objects.values_list("figure", "value"))
        for name, value in values.items():
            if value is None:
                FigureTarget.objects.filter(pk=name).delete()
            else:
                FigureTarget.objects.update_or_create(pk=name, defaults={"value": value})
        after: dict[str, Any] = dict(FigureTarget.objects.values_list("figure", "value"))
        if after != before:
            record("figures.changed", subject=by, by=by, name="targets", old=before, new=after)
