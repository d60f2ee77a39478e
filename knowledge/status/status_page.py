"""A hosted status page's webhook (Atlassian Statuspage's shapes): what it says of components and incidents is taken over.

Components are known by the page's id, incidents and their updates likewise: the same post twice changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from pydantic import BaseModel, ConfigDict, Field

from helpdesk.core.errors import Invalid
from helpdesk.core.models import ApiKey, User
from knowledge.models import Component, Incident, IncidentUpdate

from . import incidents
from .payloads import checked

MOST = 200
STATES = {
    "operational": Component.State.OPERATIONAL,
    "degraded_performance": Component.State.DEGRADED,
    "partial_outage": Component.State.DEGRADED,
    "major_outage": Component.State.OUTAGE,
    "under_maintenance": Component.State.MAINTENANCE,
}
STATUSES = {
    "investigating": Incident.Status.INVESTIGATING,
    "identified": Incident.Status.IDENTIFIED,
    "monitoring": Incident.Status.MONITORING,
    "resolved": Incident.Status.RESOLVED,
    "postmortem": Incident.Status.RESOLVED,
    "scheduled": Incident.Status.IDENTIFIED,
    "in_progress": Incident.Status.IDENTIFIED,
    "verifying": Incident.Status.MONITORING,
    "completed": Incident.Status.RESOLVED,
}
OUTAGE = ("major", "critical")


class ComponentIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=120)
    name: str = Field(default="", max_length=120)
    status: str = Field(default="", max_length=40)


class ComponentUpdate(BaseModel):
    model_config = ConfigDict(extra="ignore")

    component_id: str = Field(min_length=1, max_length=120)
    new_status: str = Field(max_length=40)


class UpdateIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=255)
    body: str | None = Field(default="", max_length=100_000)
    status: str = Field(max_length=40)
    created_at: datetime


class IncidentIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=2000)
    status: str = Field(max_length=40)
    impact: str = Field(default="minor", max_length=40)
    created_at: datetime
    incident_updates: list[UpdateIn] = Field(default_factory=list, max_length=MOST)
    components: list[ComponentIn] = Field(default_factory=list, max_length=MOST)


class Page(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=54)


class Post(BaseModel):
    model_config = ConfigDict(extra="ignore")

    page: Page
    component_update: ComponentUpdate | None = None
    component: ComponentIn | None = None
    incident: IncidentIn | None = None


def take(payload: Any, *, by: User | ApiKey | None) -> dict[str, Any]:
    """Returns {"incident": reference or None, "component": slug or None, "updates": how many were news}."""
    post = checked(Post, payload)
    if post.incident is None and post.component_update is None:
        raise Invalid("Neither an incident nor a component update", errors={"incident": ["Required, or component_update."]})
    with transaction.atomic():
        incidents.one_at_a_time()
        component = _component_update(post, by)
        incident, told = _incident(post.incident, post.page.id, by) if post.incident else (None, 0)
    return {"incident": incident.reference if incident else None, "component": component.slug if component else None, "updates": told}


def _component_update(post: Post, by: User | ApiKey | None) -> Component | None:
    if post.component_update is None:
        return None
    named = post.component or ComponentIn(id=post.component_update.component_id)
    component = _component(named.model_copy(update={"id": post.component_update.component_id}))
    incidents.set_state(component, _known(STATES, post.component_update.new_status, "component_update.new_status"), by=by)
    return component


def _component(told: ComponentIn) -> Component:
    """By the page's id, then by name; a new one is made."""
    found = Component.objects.filter(external_id=told.id).first()
    if found is None:
        slug = slugify(told.name)[:80] or slugify(told.id)[:80] or "component"
        found, _made = Component.objects.get_or_create(slug=slug, defaults={"name": told.name or told.id})
        found.external_id = told.id
        found.save(update_fields=["external_id", "updated_at"])
    return found


def _incident(told: IncidentIn, page: str, by: User | ApiKey | None) -> tuple[Incident, int]:
    key = f"{page}/{told.id}"
    incident = Incident.objects.filter(source=Incident.Source.STATUS_PAGE, external_id=key).first()
    components = [_component(one) for one in told.components]
    if incident is None:
        incident = _open(told, key, components, by)
    elif set(components) - set(incident.components.all()):
        incidents.change(incident, by=by, components={*incident.components.all(), *components})
    return incident, _tell(incident, told, by)


def _open(told: IncidentIn, key: str, components: list[Component], by: User | ApiKey | None) -> Incident:
    first = min(told.incident_updates, key=lambda one: one.created_at, default=None)
    return incidents.open_incident(
        title=told.name,
        description=(first.body or "") if first else "",
        impact=Incident.Impact.OUTAGE if told.impact in OUTAGE else Incident.Impact.DEGRADED,
        components=components,
        started_at=told.created_at,
        source=Incident.Source.STATUS_PAGE,
        external_id=key,
        by=by,
    )


def _tell(incident: Incident, told: IncidentIn, by: User | ApiKey | None) -> int:
    """The updates that are news, oldest first; then the incident's own status, which has the last word."""
    known = set(IncidentUpdate.objects.filter(incident=incident).values_list("external_id", flat=True))
    news = [one for one in sorted(told.incident_updates, key=lambda one: one.created_at) if one.id not in known]
    for one in news:
        status = _known(STATUSES, one.status, "incident.incident_updates.status")
        text = (one.body or "").strip()[: incidents.LONGEST] or Incident.Status(status).label
        incidents.tell(incident, text=str(text), status=status, at=one.created_at, external_id=one.id, by=by)
    final = _known(STATUSES, told.status, "incident.status")
    if not news and not known and final != incident.status:
        incidents.tell(incident, text=str(Incident.Status(final).label), status=final, by=by)
    return len(news)


def _known(table: dict[str, Any], value: str, field: str) -> str:
    if value not in table:
        raise Invalid(f"{value!r} is not a status we know", errors={field: [f"One of {', '.join(table)}."]})
    return str(table[value])
