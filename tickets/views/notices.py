"""The bell, the list of notices, and how a person wants to be told."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest, row_number
from tickets.models import ChatHook, Notice, NoticeSettings, Queue
from tickets.notices import posting, reading, telling

WAYS = ((telling.APP, gettext_lazy("Bell")), (telling.MAIL, gettext_lazy("E-mail")), (telling.CHAT, gettext_lazy("Chat")))
TEAM_KINDS = (Notice.Kind.NEW, Notice.Kind.REPLIED, Notice.Kind.ESCALATED, Notice.Kind.SLA, Notice.Kind.RATED)


class TimesForm(forms.ModelForm[NoticeSettings]):
    class Meta:
        model = NoticeSettings
        fields = ("digest", "daily_at", "quiet_from", "quiet_until")
        widgets = {name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M") for name in ("daily_at", "quiet_from", "quiet_until")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("quiet_from")) != bool(cleaned.get("quiet_until")):
            self.add_error("quiet_until", _("Quiet hours need a beginning and an end."))
        return cleaned


@login_required
@require_safe
def bell(request: AgentRequest) -> HttpResponse:
    """The number beside the bell, asked for again when it rings."""
    n = reading.unread(request.user)
    return render(request, "tickets/notices/bell.html", {"n": n, "most": reading.MOST_COUNTED})


@login_required
@require_safe
def index(request: AgentRequest) -> HttpResponse:
    """What one was told, the newest first; `before` is where the page begins."""
    lines, after = reading.page(request.user, before=row_number(request.GET.get("before", "")))
    return render(request, "tickets/notices/list.html", {"lines": lines, "after": after, "unread": reading.unread(request.user)})


@login_required
@require_POST
def read(request: AgentRequest) -> HttpResponse:
    """Mark everything read."""
    reading.mark_read(request.user)
    telling.ring(request.user.pk)
    return redirect("notices")


@login_required
@require_safe
def follow(request: AgentRequest, pk: int) -> HttpResponse:
    """Go where a notice leads; it, and what is like it in the same ticket, is read by that."""
    notice = get_object_or_404(reading.notices_of(request.user).select_related("ticket"), pk=pk)
    reading.mark_read(request.user, only=notice)
    telling.ring(request.user.pk)
    return redirect(reading.address(notice))


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: AgentRequest) -> HttpResponse:
    """One's own choices: `KIND-WAY` where it is on; when mail leaves; the address of one's chat system, which is never shown again."""
    stored = NoticeSettings.objects.filter(user=request.user).first() or NoticeSettings(user=request.user)
    form = TimesForm(request.POST or None, instance=stored)
    error = ""
    if request.method == "POST" and form.is_valid():
        error = _keep_hook(request, {"user": request.user})
        if not error:
            stored.ways = {kind: [way for way, _label in WAYS if f"{kind}-{way}" in request.POST] for kind in Notice.Kind.values}
            form.save()
            messages.success(request, _("Saved."))
            return redirect("notice-settings")
    kinds = [(kind, label, telling.ways_of(stored, kind)) for kind, label in Notice.Kind.choices]
    teams = Queue.objects.select_related("chat_hook") if request.user.oversees else Queue.objects.none()
    context = {"form": form, "kinds": kinds, "ways": WAYS, "error": error, "teams": teams}
    context |= {"hook": ChatHook.objects.filter(user=request.user).first(), "team_kinds": [(kind.value, kind.label) for kind in TEAM_KINDS]}
    return render(request, "tickets/notices/settings.html", context, status=422 if error or form.errors else 200)


@login_required
@require_POST
def team(request: AgentRequest, slug: str) -> HttpResponse:
    """The chat room of a team: its address, and what is posted there."""
    if not request.user.oversees:
        raise PermissionDenied
    queue = get_object_or_404(Queue, slug=slug)
    error = _keep_hook(request, {"queue": queue}, kinds=[kind.value for kind in TEAM_KINDS if kind.value in request.POST.getlist("kinds")])
    if error:
        messages.warning(request, error)
    else:
        messages.success(request, _("Saved: %(name)s.") % {"name": queue})
    return redirect("notice-settings")


def _keep_hook(request: AgentRequest, whose: dict[str, Any], **fields: Any) -> str:
    """What is wrong with the address, if anything is. An empty one leaves it as it is; `forget` removes it."""
    url = request.POST.get("url", "").strip()
    if "forget" in request.POST:
        ChatHook.objects.filter(**whose).delete()
        return ""
    if url:
        if len(url) > 1000 or urlsplit(url).scheme not in ("http", "https"):  # noqa: PLR2004
            return _("This is not a web address.")
        try:
            posting.check(url)
        except HelpdeskError as refused:
            return refused.detail
        fields |= {"address": {"url": url}, "last_error": ""}
    hook = ChatHook.objects.filter(**whose).first()
    if hook is None and not url:
        return ""
    ChatHook.objects.update_or_create(**whose, defaults=fields)
    return ""
