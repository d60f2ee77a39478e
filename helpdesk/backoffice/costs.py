"""Settings, AI, costs and budgets: where the money went, where the month will end, what may be spent, and who changed that."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import date as date_words
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.llm import budgets, ledger, prompts, providers
from helpdesk.core.models import Event, User
from tickets.models import Notice, Queue
from tickets.notices import telling

from . import charts
from .metrics import costs
from .metrics.scope import PERIODS, Scope
from .people import supervisors_only

HISTORY = 30


@supervisors_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """`period`, or `from` and `to`; `queue`. Ten statements, however much was asked."""
    given = request.GET.copy()
    if not {"period", "from", "to"} & set(given):
        given["period"] = "30d"
    scope = Scope.asked(given)
    days, whole = costs.by_day(scope), costs.whole(scope)
    tickets, number, mean = costs.by_ticket(scope, request.user)
    titles = {prompt.name: prompt.title for prompt, _wording in prompts.in_use()}
    month, provider = costs.month(), providers.current()
    context = {
        "tab": "costs",
        "scope": scope,
        "whole": whole,
        "chart": charts.columns([date_words(one.what, "j M") for one in days], [float(one.cost) for one in days]),
        "days": days,
        "tables": [
            (_("By task"), [(titles.get(one.what, one.what), one) for one in costs.by("task", scope)]),
            (_("By model"), [(one.what, one) for one in costs.by("model", scope)]),
            (_("By team"), [(one.what or _("Of no team"), one) for one in costs.by_queue(scope)]),
        ],
        "tickets": tickets,
        "ticket_count": number,
        "ticket_mean": mean,
        "month": month,
        "budget": provider.budget,
        "over": bool(provider.budget) and month.forecast > provider.budget,
        "unpriced": sorted({one.what for one in costs.by("model", scope)} - set(ledger.prices())),
        "queues": Queue.objects.all(),
        "periods": [(name, label) for name, (_days, label) in PERIODS.items()],
    }
    return render(request, "settings/ai_costs.html", context)


@supervisors_only
@require_http_methods(["GET", "POST"])
def budgeting(request: HttpRequest) -> HttpResponse:
    """What may be spent in a month. POST: `monthly-TASK`, `warn-TASK`; one wrong line changes nothing. For administrators."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - `supervisors_only` let them in
    may, refusal, wrong = user.role == User.Role.ADMIN or user.is_superuser, "", ""
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        try:
            with transaction.atomic():
                for one in budgets.standing():
                    wrong = one.task
                    fields = f"monthly-{one.task}", f"warn-{one.task}"
                    amount, share = request.POST.get(fields[0], str(one.monthly)), request.POST.get(fields[1], str(one.warn_at))
                    budgets.change(one.task, monthly=amount, warn_at=share, by=user)
        except HelpdeskError as refused:
            refusal = refused.detail
        else:
            messages.success(request, _("Saved."))
            return redirect("ai-budgets")
    month = costs.month()
    rows = [
        (one, month.forecast if one.task == budgets.ALL else month.forecasts.get(one.task, 0), request.POST if refusal else None)
        for one in budgets.standing()
    ]
    titles = {one.task: one.title for one, _forecast, _given in rows}
    events = Event.objects.filter(kind__in=("budget.changed", "budget.warned")).order_by("-id")[:HISTORY]
    context = {
        "tab": "budgets",
        "rows": rows,
        "may": may,
        "refusal": refusal,
        "wrong": wrong if refusal else None,
        "history": [(one, titles.get(one.data.get("task", ""), one.data.get("task"))) for one in events],
    }
    return render(request, "settings/ai_budgets.html", context, status=422 if refusal else 200)


def watch() -> None:
    """Tell supervisors and administrators of a budget that is nearly spent, or spent. Once each, whoever looks."""
    for one in budgets.news():
        people = User.objects.filter(is_active=True, role__in=(User.Role.SUPERVISOR, User.Role.ADMIN)).values_list("pk", flat=True)
        words = {"what": one.title, "spent": f"${one.spent:.2f}", "limit": f"${one.monthly:.2f}", "share": one.share}
        if one.reached >= budgets.FULL:
            text = _("AI budget spent: %(what)s, %(spent)s of %(limit)s. The local engine goes on alone.") % words
        else:
            text = _("AI budget at %(share)s%%: %(what)s, %(spent)s of %(limit)s") % words
        source = f"budget:{one.task or 'all'}:{ledger.this_month():%Y-%m}:{one.reached}:{one.monthly:.0f}"
        telling.tell(people, Notice.Kind.RULE, source=source[:80], text=text, link=reverse("ai-budgets"))
