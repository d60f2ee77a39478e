"""Settings, retention: how long what is remembered is kept, what would go now, and what went."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers import retention
from helpdesk.core.models import Event

from .people import supervisors_only

SHOWN = 10  # the last deletions


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The policies. POST: `days-TYPE`, and `on-TYPE` where it is on; one wrong line changes nothing."""
    error = _save(request) if request.method == "POST" else ""
    if request.method == "POST" and not error:
        messages.success(request, _("Saved. The next run deletes by these policies."))
        return redirect("retention")
    due = retention.counts()
    context = {
        "lines": [(policy, due.get(policy.data_type)) for policy in retention.policies()],
        "applied": Event.objects.filter(kind="retention.applied").order_by("-id")[:SHOWN],
        "error": error,
    }
    return render(request, "settings/retention.html", context, status=422 if error else 200)


def _save(request: HttpRequest) -> str:
    """What was wrong, if anything was."""
    try:
        with transaction.atomic():
            for policy in retention.policies():
                kind = policy.data_type
                days = int(request.POST.get(f"days-{kind}", policy.days))
                retention.set_policy(kind, days=days, enabled=f"on-{kind}" in request.POST, by=request.user)
    except (ValueError, ValidationError):
        return _("Days are a whole number between 1 and 36,500.")
    return ""
