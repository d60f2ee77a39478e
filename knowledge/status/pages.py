"""The public status page: what everybody may know, read once for many visitors."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from knowledge.models import Component, Incident

from .incidents import PAGE

log = logging.getLogger(__name__)

KEPT = 30  # seconds; a change drops it at once
SHOWN = "status-shown"  # cache key: whether there are components
LATELY = timedelta(days=7)
MOST = 50
PER_PAGE = 20
IN_FEED = 30


@require_safe
@login_not_required
def status(request: HttpRequest) -> HttpResponse:
    return _public(render(request, "knowledge/public/status.html", present()))


@require_safe
@login_not_required
def history(request: HttpRequest) -> HttpResponse:
    page = Paginator(_incidents(), PER_PAGE).get_page(request.GET.get("page", "1"))
    return _public(render(request, "knowledge/public/status_history.html", {"page": page}))


@require_safe
@login_not_required
def incident(request: HttpRequest, reference: str) -> HttpResponse:
    found = _incidents().filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return _public(render(request, "knowledge/public/status_incident.html", {"incident": found}))


@require_safe
@login_not_required
def as_json(request: HttpRequest) -> HttpResponse:
    """The page for programs."""
    now = present()
    components = [{"slug": one.slug, "name": one.name, "state": one.state} for one in now["components"]]
    incidents = [_as_json(one) for one in (*now["open"], *now["recent"])]
    return _public(JsonResponse({"overall": now["overall"], "components": components, "incidents": incidents}))


@require_safe
@login_not_required
def feed(request: HttpRequest, kind: str) -> HttpResponse:
    """Incidents as Atom or RSS, the latest word of each as its content."""
    shape = Atom1Feed if kind == "atom" else Rss201rev2Feed
    home = f"{settings.SITE_URL}/status/"
    written = shape(title=_("System status"), link=home, description=_("Incidents and how they went"), feed_url=f"{home}feed.{kind}")
    for one in _incidents()[:IN_FEED]:
        newest = next(iter(one.updates.all()), None)
        written.add_item(
            title=f"{one.title} ({one.get_status_display()})",
            link=f"{settings.SITE_URL}{one.get_absolute_url()}",
            description=newest.text if newest else one.description,
            unique_id=f"urn:uuid:{one.pk}",
            pubdate=one.started_at,
            updateddate=newest.at if newest else one.started_at,
        )
    return _public(HttpResponse(written.writeString("utf-8"), content_type=shape.content_type))


def overall() -> str:
    """operational, degraded or outage: the worst of what is going on now, and public."""
    states = set(Component.objects.values_list("state", flat=True)) | set(
        Incident.objects.filter(is_public=True).open().values_list("impact", flat=True)  # type: ignore[attr-defined]
    )
    return "outage" if "outage" in states else "degraded" if "degraded" in states else "operational"


def present() -> dict[str, Any]:
    """Components, what is open, and what was over lately. Four queries at most twice a minute."""
    return dict(_kept(PAGE, _read))


def has_components() -> bool:
    """Whether the status page has something to say. One query at most twice a minute."""
    return bool(_kept(SHOWN, Component.objects.exists))


def _kept(key: str, read: Callable[[], Any]) -> Any:
    """From the cache, else read and kept; without Redis read every time."""
    try:
        if (kept := cache.get(key)) is not None:
            return kept
    except (RedisError, OSError) as error:
        log.warning("cache_unavailable", extra={"error": repr(error)})
    fresh = read()
    try:
        cache.set(key, fresh, KEPT)
    except (RedisError, OSError) as error:
        log.warning("cache_unavailable", extra={"error": repr(error)})
    return fresh


def _read() -> dict[str, Any]:
    shown = list(_incidents().filter(started_at__gte=timezone.now() - LATELY)[:MOST])
    still = [one for one in _incidents().filter(resolved_at__isnull=True)[:MOST]]
    return {
        "components": list(Component.objects.all()[:200]),
        "open": still,
        "recent": [one for one in shown if not one.is_open],
        "overall": overall(),
        "read_at": timezone.now(),
    }


def _incidents() -> Any:
    return Incident.objects.visible_to(None).prefetch_related("components", "updates")


def _as_json(one: Incident) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "title": one.title,
        "status": one.status,
        "impact": one.impact,
        "components": [component.slug for component in one.components.all()],
        "started_at": one.started_at,
        "resolved_at": one.resolved_at,
        "next_update_at": one.next_update_at,
        "updates": [{"status": update.status, "text": update.text, "at": update.at} for update in one.updates.all()],
        "url": f"{settings.SITE_URL}{one.get_absolute_url()}",
    }


def _public(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, public=True, max_age=KEPT)
    return response
