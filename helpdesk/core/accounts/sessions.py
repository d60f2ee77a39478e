"""Where one is signed in, and signing out there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from helpdesk.core import realtime
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest

from .leaving import fingerprint

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


@dataclass(frozen=True)
class SignedIn:
    session: UserSession
    browser: str
    is_here: bool


@login_required
def index(request: AgentRequest) -> HttpResponse:
    here = request.session.session_key
    rows = [SignedIn(one, browser_of(one.user_agent), one.session_key == here) for one in UserSession.objects.purge_and_list(request.user)]
    rows.sort(key=lambda one: (not one.is_here, -one.session.created_at.timestamp()))
    return render(request, "account/sessions.html", {"rows": rows})


@login_required
@require_POST
def end(request: AgentRequest, session: int) -> HttpResponse:
    leave(get_object_or_404(UserSession, pk=session, user=request.user))
    messages.success(request, _("Signed out there."))
    return redirect("sessions")


@login_required
@require_POST
def end_others(request: AgentRequest) -> HttpResponse:
    end_all(request.user, but=request.session.session_key or "")
    messages.success(request, _("Signed out everywhere else."))
    return redirect("sessions")


def end_all(user: User, *, but: str = "") -> None:
    """Sign this person out everywhere, except in the session `but`."""
    for one in UserSession.objects.filter(user=user).exclude(session_key=but):
        leave(one)


def leave(one: UserSession) -> None:
    """The session ends, and its open pages are told."""
    key = one.session_key
    one.end()
    realtime.broadcast(f"agent.{one.user_id}", {"type": "signed_out", "session": fingerprint(key)})


def browser_of(user_agent: str) -> str:
    """A name that a person knows it by: "Firefox, Windows"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return ", ".join(filter(None, (browser, system))) or re.sub(r"[^\w ./-]", "", user_agent)[:40] or _("Unknown browser")
