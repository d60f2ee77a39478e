"""Settings, configuration file: fetch it, try a file and see what it would change, bring it in."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.core.audit import note
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import AuditEntry, User

from . import configuration
from .people import supervisors_only


@supervisors_only
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The file. It holds no secret, but the names and addresses of everybody who works here."""
    answer = HttpResponse(configuration.as_text(), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="helpdesk-{timezone.localdate():%Y-%m-%d}.json"'
    note(AuditEntry.Act.EXPORTED, "configuration")
    return answer


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """A POST with a file shows what it would change; a second one with what was shown does it. Admins only: a file gives out roles."""
    if request.method != "POST":
        return render(request, "settings/configuration.html", {"may": _may(request)})
    if not _may(request):
        raise PermissionDenied
    remove, (text, label) = "remove" in request.POST, _given(request)
    context: dict[str, Any] = {"may": True, "text": text, "remove": remove, "label": label}
    try:
        sections = configuration.parse(text)
        shown = configuration.bring_in(sections, by=_me(request), remove=remove, trial=True)
        mark = _mark(shown)
        if request.POST.get("go") == mark:
            configuration.bring_in(sections, by=_me(request), remove=remove, label=label)
            messages.success(request, _("The file is in use from now on."))
            return redirect("configuration")
    except HelpdeskError as refused:
        return render(request, "settings/configuration.html", {"may": True, "refusal": refused.detail}, status=422)
    if request.POST.get("go"):
        context["meanwhile"] = True  # somebody changed something since it was shown
    context |= {"shown": shown, "mark": mark}
    return render(request, "settings/configuration.html", context)


def _given(request: HttpRequest) -> tuple[str, str]:
    """The text and the name of the file that was chosen, or that was shown before. What is no text is refused later, as no JSON."""
    file = request.FILES.get("file")
    if file is None:
        return request.POST.get("text", "").replace("\r\n", "\n"), request.POST.get("label", "")[:150]
    return file.read(configuration.LARGEST + 1).decode("utf-8", errors="replace"), (file.name or "")[:150]


def _mark(result: configuration.Result) -> str:
    """Names what was shown: only that is brought in."""
    return hashlib.sha256("\n".join(map(str, result.differences)).encode()).hexdigest()[:32]


def _may(request: HttpRequest) -> bool:
    return _me(request).is_superuser or _me(request).role == User.Role.ADMIN


def _me(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
