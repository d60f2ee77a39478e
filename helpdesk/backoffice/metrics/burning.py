"""What burns now: alerts, incidents, broken promises, slow teams, falling mood, an AI provider that is away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpdesk.core.clock import span
from helpdesk.core.llm import providers
from helpdesk.core.models import Circuit
from helpdesk.models import Alert
from knowledge.models import Incident
from tickets.models import Queue

from . import people, reading
from .definitions import FEW_WAITS
from .scope import Scope
from .tiles import link, share_of

MOST_BURNING = 5
FALLING = 0.15  # a team's negative share above its usual one, so much and more, burns
TONES = {"critical": "bad", "warning": "warn", "info": "info"}


@dataclass(frozen=True)
class Burning:
    tone: str
    icon: str
    title: str
    detail: str
    since: datetime | None
    url: str
    action: str
    alert: Alert | None = None


def burning(
    scope: Scope,
    standing: people.Standing,
    teams: list[dict[str, Any]],
    waits: reading.Waited,
    queues: dict[Any, Queue],
    *,
    target: float | None,
) -> list[Burning]:
    """At most five, the worst first. `target` is that of first replies, in seconds."""
    found = [
        *_alerts(scope),
        *_incidents(),
        *_overdue(scope, standing),
        *_slow(scope, waits, queues, target),
        *_falling(scope, teams),
        *_provider(),
    ]
    order = {"bad": 0, "warn": 1, "info": 2}
    return sorted(found, key=lambda one: order[one.tone])[:MOST_BURNING]


def _alerts(scope: Scope) -> list[Burning]:
    open_ones = Alert.objects.open().select_related("rule__queue", "acknowledged_by")
    found = []
    for alert in open_ones.order_by("opened_at")[:MOST_BURNING]:
        if scope.queue and alert.rule.queue_id not in (None, scope.queue.pk):
            continue
        detail = _("Seen by %(name)s") % {"name": alert.acknowledged_by.name} if alert.acknowledged_by else alert.message
        tone, url = TONES[alert.severity], reverse("alerts")
        found.append(Burning(tone, "bell-ring", alert.rule.name, detail, alert.opened_at, url, _("Look"), alert))
    return found


def _incidents() -> list[Burning]:
    found = []
    for incident in Incident.objects.open().order_by("started_at")[:2]:
        title = f"{incident.reference}: {incident.title}"
        found.append(
            Burning("bad", "siren", title, str(incident.get_status_display()), incident.started_at, incident.get_absolute_url(), _("Open"))
        )
    return found


def _overdue(scope: Scope, standing: people.Standing) -> list[Burning]:
    if not standing.overdue or standing.longest_overdue is None:
        return []
    title = ngettext("%(n)d ticket past its SLA", "%(n)d tickets past their SLA", standing.overdue) % {"n": standing.overdue}
    longest = span((timezone.now() - standing.longest_overdue).total_seconds())
    detail = _("Longest %(time)s") % {"time": longest}
    return [Burning("bad", "clock-alert", title, detail, standing.longest_overdue, link("overdue", scope), _("Show"))]


def _slow(scope: Scope, waits: reading.Waited, queues: dict[Any, Queue], target: float | None) -> list[Burning]:
    known = [(wait.p90, pk) for pk, wait in waits.parts.items() if pk in queues and wait.n >= FEW_WAITS]
    slow = [(p90, pk) for p90, pk in known if target and (p90 or 0) > target]
    if not slow or not target:
        return []
    p90, pk = max(slow, key=lambda one: one[0] or 0)
    queue = queues[pk]
    detail = _("90th percentile %(p90)s, target %(target)s") % {"p90": span(p90 or 0), "target": span(target)}
    title = _("%(team)s replies are slow") % {"team": queue.name}
    return [Burning("warn", "hourglass", title, detail, None, link("answered", replace(scope, queue=queue)), _("Show"))]


def _falling(scope: Scope, teams: list[dict[str, Any]]) -> list[Burning]:
    found = []
    for team in teams:
        share, usual = share_of(team["negative"], team["felt"]), team["usual_negative"]
        if share is not None and usual is not None and team["felt"] >= FEW_WAITS and share - usual >= FALLING:
            title = _("%(team)s mood is falling") % {"team": team["queue"].name}
            detail = _("%(share)s negative, usually %(usual)s") % {"share": f"{share:.0%}", "usual": f"{usual:.0%}"}
            action = _("Show %(n)d") % {"n": team["negative"]}
            found.append(
                Burning("warn", "trending-down", title, detail, None, link("negative", replace(scope, queue=team["queue"])), action)
            )
    return found[:1]


def _provider() -> list[Burning]:
    paused = Circuit.objects.filter(name=providers.current().circuit, paused_until__gt=timezone.now()).first()
    if paused is None:
        return []
    return [
        Burning("info", "gauge", _("The AI provider is away"), _("The local engine answers meanwhile"), None, reverse("ai"), _("Details"))
    ]
