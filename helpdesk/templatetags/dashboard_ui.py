"""Tags of the dashboard: `{% load dashboard_ui %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode

from helpdesk.backoffice import charts
from helpdesk.backoffice.metrics import tiles
from helpdesk.backoffice.metrics.definitions import DEFINITIONS
from helpdesk.backoffice.metrics.scope import Scope

register = template.Library()


@register.simple_tag
def behind(name: str, scope: Scope, **more: str) -> str:
    """The address of the list behind a figure."""
    return tiles.link(name, scope, **more)


@register.simple_tag
def board_at(scope: Scope, page: str = "dashboard", **changed: str) -> str:
    """The address of a page for this scope, with something of it changed: `{% board_at scope clock="wall" %}`."""
    kept = scope.query
    if "period" in changed:
        kept = {name: value for name, value in kept.items() if name not in ("from", "to")}
    return f"{reverse(page)}?{urlencode({**kept, **changed})}"


@register.inclusion_tag("dashboard/means.html")
def means(name: str, scope: Scope) -> dict[str, Any]:
    """The question mark beside a figure: what it means, at a glance and at a click."""
    return {"definition": DEFINITIONS[name], "url": f"{board_at(scope, 'definitions')}#{name}"}


@register.filter
def share(part: float | None, whole: float | None = None) -> str:
    """ "41%" of a part and its whole, or of a share of 0..1."""
    value = part if whole is None else (part / whole if whole and part is not None else None)
    return "–" if value is None else f"{value:.0%}"


@register.filter
def money(amount: Any) -> str:
    return "–" if amount is None else tiles.money(amount)


@register.filter
def small_money(amount: Any) -> str:
    return "–" if amount is None else f"${amount:.3f}"


@register.inclusion_tag("dashboard/bar.html")
def bar(width: float, tone: str = "fill", tick: float | None = None) -> dict[str, Any]:
    """A bar in a cell, of 0 to 100."""
    return {"width": max(0.0, min(100.0, float(width or 0))), "tone": tone, "tick": tick}


@register.filter
def percent_of(value: float | None, whole: float | None) -> float:
    return round(100 * value / whole, 1) if value and whole else 0


@register.filter
def listed_as(which: int | str, listing: str) -> str:
    """The listing of the tickets with this score or this kind of suggestion: "rated-5", "suggested-article"."""
    return f"{listing}-{which}"


@register.filter
def minutes(seconds: float | None) -> str:
    """A target on a scale of minutes."""
    return "" if seconds is None else f"{seconds / 60:g}"


@register.simple_tag
def sla_tick(target: float | None) -> float | None:
    """Where the target stands on a bar that begins at 70 %."""
    return round(charts.scale(max(0.7, target), 0.7, 1, 4, 100), 1) if target else None
