"""How our own systems are, and which incident or deployment the ticket may come from: close in meaning and in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from helpdesk.core.embeddings import get_embedder
from knowledge.models import Component, Deployment, Incident

from .reading import Reading

STILL_FELT = timedelta(hours=24)  # after an incident is over people still write about it
RECENT = timedelta(hours=72)  # a deployment is suspected that long
CLOSE = 0.42  # cosine of ticket and incident; unrelated support texts lie below .3
CLOSE_DEPLOYMENT = 0.45
# Linked without asking from here on. Measured on 72 tickets written for eight incidents (tests/assist/incident_links.json): .5 links
# 33 of the 40 that come of one, and of the 32 that only speak of the same part 1 wrongly; none to another incident. .42, where it is
# proposed, finds 36 of the 40, with 12 wrong ones. Few examples and all English: a figure to start from, not a promise.
LINK_FROM = 0.5
MOST = 20
TROUBLE = ("technical", "integration", "performance", "data_loss", "account_access")  # what a deployment can cause


@dataclass(frozen=True)
class Link:
    kind: str  # incident | deployment
    reference: str
    title: str
    score: float
    why: str
    id: str = ""

    @property
    def sure(self) -> bool:
        """Close enough to be linked by itself; a deployment is only ever a suspicion."""
        return self.kind == "incident" and self.score >= LINK_FROM


@dataclass(frozen=True)
class SystemStatus:
    overall: str = "operational"  # operational | degraded | outage
    components: tuple[dict[str, Any], ...] = ()
    incidents: tuple[dict[str, Any], ...] = ()
    recent_deployments: tuple[dict[str, Any], ...] = ()
    linked: tuple[Link, ...] = ()


def check(reading: Reading, *, category: str, at: datetime | None = None) -> SystemStatus:
    """Three reads and a comparison. `at` is when the customer wrote."""
    at = at or timezone.now()
    components = list(Component.objects.all()[:200])
    felt = Q(resolved_at__isnull=True) | Q(resolved_at__gte=at - STILL_FELT)
    incidents = list(Incident.objects.filter(felt, started_at__lte=at + STILL_FELT).prefetch_related("components")[:MOST])
    deployments = list(Deployment.objects.filter(deployed_at__range=(at - RECENT, at)).select_related("component")[:MOST])
    return SystemStatus(
        overall=overall(components, incidents),
        components=tuple({"id": str(one.pk), "slug": one.slug, "name": one.name, "state": one.state} for one in components),
        incidents=tuple(_shown(one) for one in incidents),
        recent_deployments=tuple(_deployed(one) for one in deployments),
        linked=(*linked_incidents(reading, incidents), *(_linked_deployments(reading, deployments) if category in TROUBLE else ())),
    )


def overall(components: Sequence[Component], incidents: Sequence[Incident]) -> str:
    """The worst of what is going on now."""
    states = {component.state for component in components} | {one.impact for one in incidents if one.resolved_at is None}
    return "outage" if "outage" in states else "degraded" if "degraded" in states else "operational"


def linked_incidents(reading: Reading, incidents: Sequence[Incident]) -> list[Link]:
    links = []
    for incident in incidents:
        score = _closeness(reading, incident.words)
        if score >= CLOSE:
            when = "going on now" if incident.resolved_at is None else "just over"
            links.append(Link("incident", incident.reference, incident.title, score, f"Close in meaning, {when}", str(incident.pk)))
    return sorted(links, key=lambda link: -link.score)


def _linked_deployments(reading: Reading, deployments: Sequence[Deployment]) -> list[Link]:
    links = []
    for deployment in deployments:
        score = _closeness(reading, f"{deployment.component.name}. {deployment.summary}")
        if score >= CLOSE_DEPLOYMENT:
            why = f"Deployed shortly before, {deployment.deployed_at:%d %b %H:%M} UTC"
            links.append(
                Link(
                    "deployment",
                    f"{deployment.component.slug} {deployment.version}",
                    deployment.summary[:200],
                    score,
                    why,
                    str(deployment.pk),
                )
            )
    return sorted(links, key=lambda link: -link.score)


def _closeness(reading: Reading, text: str) -> float:
    if reading.vector is None:
        return 0.0
    return round(float(get_embedder().embed([text[:1000]])[0] @ reading.vector), 3)  # one text alone: the embedder remembers it


def _shown(incident: Incident) -> dict[str, Any]:
    return {
        "id": str(incident.pk),
        "reference": incident.reference,
        "title": incident.title,
        "status": incident.status,
        "impact": incident.impact,
        "components": [component.slug for component in incident.components.all()],
        "started_at": _iso(incident.started_at),
        "resolved_at": _iso(incident.resolved_at) if incident.resolved_at else None,
    }


def _deployed(deployment: Deployment) -> dict[str, Any]:
    return {
        "id": str(deployment.pk),
        "component": deployment.component.slug,
        "version": deployment.version,
        "summary": deployment.summary,
        "deployed_at": _iso(deployment.deployed_at),
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
