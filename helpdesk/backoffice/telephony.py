"""Settings, telephony: which systems are connected, how, whether their events arrive, and what became of the last ones."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assist.acd import receiving
from assist.acd.registry import PROVIDERS, has_line, provider_of
from assist.models import AcdConnection, AcdEvent, CallSession
from helpdesk.core.clock import iso_exact
from helpdesk.core.errors import HelpdeskError

from .people import supervisors_only
from .telephony_forms import ConnectionForm

SHOWN = 20  # last events, last calls
ADDRESS = "telephony_address"  # in the session, until it was shown once


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Every connected system with its state; a POST connects one more."""
    if request.method == "POST":
        return _connect(request, request.POST.get("provider", ""))
    context = {
        "connections": AcdConnection.objects.visible_to(request.user).select_related("queue"),
        "providers": PROVIDERS.values(),
        "site": settings.SITE_URL,
        "generic_calls": CallSession.objects.visible_to(request.user).filter(provider="generic").with_people()[:5],
    }
    return render(request, "settings/telephony.html", context)


@supervisors_only
@require_http_methods(["GET", "POST"])
def connection(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """One system: its address, its settings, a test, its last events."""
    row = _one(request, connection_id)
    provider = provider_of(row.provider)
    form = ConnectionForm(request.POST or None, instance=row, provider=provider)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved: %(name)s.") % {"name": row})
        return redirect("telephony-connection", row.pk)
    key = row.address_key or request.session.pop(f"{ADDRESS}:{row.pk}", "")
    context = {
        "connection": row,
        "provider": provider,
        "form": form,
        "address": _address(row, key) if key else "",
        "masked": _address(row, f"{row.key_start}…"),
        "events": row.events.select_related("session")[:SHOWN],
        "since": iso_exact(timezone.now()),
        "waiting": "wait" in request.GET,
        "has_line": has_line(row.provider, receiving.account_of(row)),
    }
    return render(request, "settings/telephony_connection.html", context, status=400 if form.errors else 200)


@supervisors_only
@require_safe
def arrived(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """The waiting box: what has arrived since the button was pressed. It asks again until something has."""
    row = _one(request, connection_id)
    since = parse_datetime(request.GET.get("since", "").replace(" ", "+")) if request.GET.get("since") else None
    if since is None:
        raise Http404
    events = row.events.filter(received_at__gt=since).exclude(outcome=AcdEvent.Outcome.TEST)
    refused = row.last_refused_at is not None and row.last_refused_at > since
    context = {"connection": row, "event": events.first(), "refused": refused, "since": iso_exact(since)}
    return render(request, "settings/telephony_arrived.html", context)


@require_POST
@supervisors_only
def play(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """A sample of the provider, signed like its own, through the same door. It opens no call."""
    row = _one(request, connection_id)
    try:
        urls = (_address(row, row.address_key or "test"),)
        receiving.receive(row, provider_of(row.provider).sample(receiving.account_of(row), urls), test=True)
    except HelpdeskError as refused:
        messages.warning(request, _("The test event was refused: %(why)s") % {"why": refused.detail})
    else:
        messages.success(request, _("The test event was taken in. It stands first in the list of last events."))
    return redirect("telephony-connection", row.pk)


@require_POST
@supervisors_only
def renew(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """A new secret address; the old one is shut at once."""
    row = _one(request, connection_id)
    if row.address_key:
        raise Http404
    request.session[f"{ADDRESS}:{row.pk}"] = row.renew_key()
    return redirect("telephony-connection", row.pk)


@require_POST
@supervisors_only
def remove(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Disconnect a system. Its calls stay."""
    row = _one(request, connection_id)
    row.delete()
    messages.success(request, _("%(name)s is disconnected.") % {"name": row})
    return redirect("telephony")


def _connect(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in PROVIDERS:
        raise Http404
    row, key = AcdConnection.create(provider=slug, name=str(PROVIDERS[slug].label))
    if not row.address_key:
        request.session[f"{ADDRESS}:{row.pk}"] = key
    return redirect("telephony-connection", row.pk)


def _one(request: HttpRequest, connection_id: UUID) -> AcdConnection:
    return get_object_or_404(AcdConnection.objects.visible_to(request.user), pk=connection_id)


def _address(row: AcdConnection, key: str) -> str:
    base = row.settings.get("public_url") or settings.SITE_URL
    return f"{base}/api/realtime/acd/{row.provider}/{key}"
