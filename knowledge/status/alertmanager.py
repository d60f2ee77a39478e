"""Prometheus Alertmanager's webhook, version 4: a group of alerts is an incident while one of them fires.

An alert is known by fingerprint and start: the same one told again, in whichever order, changes nothing. What a monitor opens is
for colleagues; it goes on the public page when somebody puts it there.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field

from helpdesk.core.models import ApiKey, User
from knowledge.models import Alert, Component, Incident

from . import incidents
from .payloads import checked

MOST_ALERTS = 500
OUTAGE = ("critical", "page", "emergency", "disaster")  # values of the label `severity`
NAMES_COMPONENT = ("component", "service", "job")  # labels that may hold a component's slug
NEVER = 1  # the year in which Go's zero time lies: "not over yet"


class AlertIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    status: str = Field(pattern="^(firing|resolved)$")
    labels: dict[str, str] = Field(default_factory=dict, max_length=100)
    annotations: dict[str, str] = Field(default_factory=dict, max_length=100)
    startsAt: datetime
    endsAt: datetime | None = None
    fingerprint: str = Field(min_length=1, max_length=64)

    @property
    def title(self) -> str:
        return self.annotations.get("summary") or self.labels.get("alertname") or "Alert"

    @property
    def ended(self) -> datetime | None:
        return self.endsAt if self.endsAt and self.endsAt.year > NEVER else None


class Group(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: str = "4"
    groupKey: str = Field(min_length=1, max_length=20_000)
    status: str = Field(pattern="^(firing|resolved)$")
    alerts: list[AlertIn] = Field(max_length=MOST_ALERTS)


def take(payload: Any, *, by: User | ApiKey | None) -> dict[str, Any]:
    """Returns {"incident": reference or None, "firing", "resolved", "known"}: alerts that were news, and those that were not."""
    group = checked(Group, payload)
    key = hashlib.sha256(group.groupKey.encode()).hexdigest()
    with transaction.atomic():
        incidents.one_at_a_time()
        counts = {"firing": 0, "resolved": 0, "known": 0}
        for alert in group.alerts:
            counts[_one(alert, key, by)] += 1
        incident = _running(key)
        if incident is not None and not incident.alerts.filter(firing=True).exists():
            incidents.resolve(incident, by=by, text="All alerts of this group are over.")
    newest = incident or Incident.objects.filter(source=Incident.Source.ALERTMANAGER, external_id=key).first()
    return {"incident": newest.reference if newest else None, **counts}


def _one(told: AlertIn, key: str, by: User | ApiKey | None) -> str:
    row = Alert.objects.filter(fingerprint=told.fingerprint, starts_at=told.startsAt).first()
    if told.status == "resolved":
        return _over(row, told)
    if row is not None:  # fires still, or the message is older than the one that said it was over
        return "known"
    incident = _running(key)
    if incident is None:
        incident = _open(told, key, by)
    else:
        incidents.tell(incident, text=f"Another alert fires: {told.title}", by=by)
        incident.components.add(*_components(told))
    _keep(told, incident)
    return "firing"


def _over(row: Alert | None, told: AlertIn) -> str:
    if row is None:
        _keep(told, None)
        return "resolved"
    if not row.firing:
        return "known"
    row.firing, row.ends_at = False, told.ended
    row.save(update_fields=["firing", "ends_at", "heard_at"])
    return "resolved"


def _keep(told: AlertIn, incident: Incident | None) -> None:
    Alert.objects.create(
        fingerprint=told.fingerprint,
        starts_at=told.startsAt,
        ends_at=told.ended,
        firing=told.status == "firing",
        labels=told.labels,
        annotations=told.annotations,
        incident=incident,
    )


def _running(key: str) -> Incident | None:
    return Incident.objects.open().filter(source=Incident.Source.ALERTMANAGER, external_id=key).first()


def _open(told: AlertIn, key: str, by: User | ApiKey | None) -> Incident:
    grave = told.labels.get("severity", "").lower() in OUTAGE
    return incidents.open_incident(
        title=told.title,
        description=told.annotations.get("description", ""),
        impact=Incident.Impact.OUTAGE if grave else Incident.Impact.DEGRADED,
        components=_components(told),
        started_at=told.startsAt,
        is_public=False,
        source=Incident.Source.ALERTMANAGER,
        external_id=key,
        by=by,
    )


def _components(told: AlertIn) -> list[Component]:
    named = [told.labels[name] for name in NAMES_COMPONENT if told.labels.get(name)]
    return list(Component.objects.filter(slug__in=named))
