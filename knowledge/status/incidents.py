"""The story of an incident: it is opened, told of, and resolved; the components it touches follow.

incident = open_incident(title="Order sync answers with 503", impact="outage", components=[sync], by=priya)
tell(incident, text="A node has failed.", status="identified", by=priya)
resolve(incident, text="All is well again.", by=priya)
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import IntegerField, Max
from django.db.models.functions import Cast, Substr
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import ApiKey, User
from knowledge.models import Component, Deployment, Incident, IncidentUpdate

log = logging.getLogger(__name__)

PREFIX = "INC-"
LONGEST = 10_000  # characters of one update
NUMBERING = 7_204_001  # advisory lock: two incidents at once get two numbers
PAGE = "status-page"  # cache key of the public page


def open_incident(
    *,
    title: str,
    by: User | ApiKey | None,
    description: str = "",
    impact: str = Incident.Impact.DEGRADED,
    status: str = Incident.Status.INVESTIGATING,
    components: Iterable[Component] = (),
    started_at: datetime | None = None,
    next_update_at: datetime | None = None,
    is_public: bool = True,
    source: str = Incident.Source.PEOPLE,
    external_id: str = "",
) -> Incident:
    """Write it down under the next number; its components take on its impact. Raises Invalid without a title."""
    title = _title(title)
    with transaction.atomic():
        incident = Incident.objects.create(
            reference=_next_reference(),
            title=title,
            description=description[:LONGEST],
            impact=impact,
            status=status,
            started_at=started_at or timezone.now(),
            next_update_at=next_update_at,
            is_public=is_public,
            source=source,
            external_id=external_id[:255],
        )
        incident.components.set(components)
        _tell_all("incident.opened", incident, by)
        _settle(incident.components.all())
    return incident


def tell(
    incident: Incident,
    *,
    text: str,
    by: User | ApiKey | None,
    status: str = "",
    next_update_at: datetime | None = None,
    at: datetime | None = None,
    external_id: str = "",
) -> IncidentUpdate:
    """Say how it stands. A resolved incident that is told of again with another status is open again. Raises Invalid for no text."""
    if not text.strip() or len(text) > LONGEST:
        raise Invalid(_("An update needs a text of at most 10,000 characters"), errors={"text": [_("Write at most 10,000 characters.")]})
    if status and status not in Incident.Status.values:
        raise Invalid(_("There is no such status"), errors={"status": [_("There is no such status")]})
    with transaction.atomic():
        incident.refresh_from_db(from_queryset=Incident.objects.select_for_update())
        incident.status = status or incident.status
        update = IncidentUpdate.objects.create(
            incident=incident,
            status=incident.status,
            text=text.strip(),
            at=at or timezone.now(),
            author=by if isinstance(by, User) else None,
            external_id=external_id[:255],
        )
        _close_or_open(incident, at=update.at)
        incident.next_update_at = None if incident.resolved_at else next_update_at
        incident.save()
        _tell_all("incident.updated" if incident.is_open else "incident.resolved", incident, by)
        _settle(incident.components.all())
    return update


def resolve(incident: Incident, *, by: User | ApiKey | None, text: str = "", at: datetime | None = None) -> IncidentUpdate:
    """It is over. Raises Conflict when it was over already."""
    if not incident.is_open:
        raise Conflict(_("The incident is resolved already"))
    return tell(incident, text=text or _("This incident is resolved."), status=Incident.Status.RESOLVED, by=by, at=at)


def change(incident: Incident, *, by: User | ApiKey | None, components: Iterable[Component] | None = None, **fields: Any) -> Incident:
    """Correct what was written: title, description, impact, times, whether it is public, the components. Raises Invalid without a title."""
    if "title" in fields:
        fields["title"] = _title(fields["title"])
    with transaction.atomic():
        incident.refresh_from_db(from_queryset=Incident.objects.select_for_update())
        before = list(incident.components.all())
        for name, value in fields.items():
            setattr(incident, name, value)
        incident.save()
        if components is not None:
            incident.components.set(components)
        _tell_all("incident.updated", incident, by)
        _settle([*before, *incident.components.all()])
    return incident


def set_state(component: Component, state: str, *, by: User | ApiKey | None) -> None:
    """Raises Invalid for a state that does not exist."""
    if state not in Component.State.values:
        raise Invalid(_("There is no such state"), errors={"state": [_("There is no such state")]})
    with transaction.atomic():
        component.refresh_from_db(from_queryset=Component.objects.select_for_update())
        if component.state != state:
            component.state = state
            component.save(update_fields=["state", "updated_at"])
            record("component.changed", subject=component, by=by, component=component.slug, status=state)
            transaction.on_commit(forget_page)


def record_deployment(
    *, component: Component, version: str, by: User | ApiKey | None, summary: str = "", deployed_at: datetime | None = None
) -> Deployment:
    with transaction.atomic():
        fields = {"component": component, "version": version, "summary": summary, "deployed_at": deployed_at or timezone.now()}
        deployment = Deployment.objects.create(**fields)
        record("deployment.recorded", subject=deployment, by=by, component=component.slug, version=version)
    return deployment


def forget_page() -> None:
    """The public page is read anew for the next visitor. Without Redis it is at most as old as `pages.KEPT`."""
    try:
        cache.delete(PAGE)
    except (RedisError, OSError) as error:
        log.warning("cache_unavailable", extra={"error": repr(error)})


def one_at_a_time() -> None:
    """Hold others who open incidents or tell of alerts until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [NUMBERING])


def _title(entered: str) -> str:
    if not (title := " ".join(entered.split())[:200]):
        raise Invalid(_("An incident needs a title"), errors={"title": [_("This field is required.")]})
    return title


def _next_reference() -> str:
    one_at_a_time()
    numbered = Incident.objects.filter(reference__regex=rf"^{PREFIX}\d{{1,8}}$")
    newest = numbered.aggregate(newest=Max(Cast(Substr("reference", len(PREFIX) + 1), IntegerField())))["newest"]
    return f"{PREFIX}{(newest or 0) + 1}"


def _close_or_open(incident: Incident, *, at: datetime) -> None:
    if incident.status == Incident.Status.RESOLVED:
        incident.resolved_at = incident.resolved_at or max(at, incident.started_at)
    else:
        incident.resolved_at = None


def _settle(components: Iterable[Component]) -> None:
    """A component is as bad as its worst open incident that is public; maintenance is left alone."""
    for component in components:
        if component.state == Component.State.MAINTENANCE:
            continue
        impacts = set(component.incidents.open().filter(is_public=True).values_list("impact", flat=True))
        worst = "outage" if "outage" in impacts else "degraded" if impacts else "operational"
        set_state(component, worst, by=None)


def _tell_all(kind: str, incident: Incident, by: Any) -> None:
    told = {"reference": incident.reference, "title": incident.title, "status": incident.status, "impact": incident.impact}
    record(kind, subject=incident, by=by, **told)
    transaction.on_commit(forget_page)
