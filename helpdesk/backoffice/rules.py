"""Settings, automation rules: the list, one rule with its dry run, what fired, and rules as a file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.core.audit import note
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import AuditEntry, User
from tickets.models import Rule, RuleFiring
from tickets.rules import keeping, porting, shipped, undoing
from tickets.rules.dry_run import SIZES, dry_run
from tickets.rules.wording import Words

from .people import supervisors_only
from .rule_forms import GROUPS, ActionRow, ConditionRow, RuleForm, example, fill, title

A_PAGE = 30
A_WEEK = timedelta(days=7)


@supervisors_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every rule in a sentence, in the order in which they are tried."""
    words = Words()
    lately = Count("firings", filter=Q(firings__at__gte=timezone.now() - A_WEEK, firings__outcome=RuleFiring.Outcome.FIRED))
    rules = list(Rule.objects.annotate(lately=lately))
    lines = [_line(one, words) for one in rules]
    usual = {one["shipped"] for one in shipped.shipped()} - {one.shipped for one in rules}
    return render(request, "settings/rules.html", {"lines": lines, "usual": len(usual)})


@supervisors_only
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return _edit(request, example())


@supervisors_only
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """One rule. POST `step`: `rows` shows the form with room for more, `try` runs it dry, else it is saved."""
    return _edit(request, get_object_or_404(Rule, pk=rule_id))


@supervisors_only
@require_safe
def row(request: HttpRequest) -> HttpResponse:
    """A row of the form, for the field or action that was just chosen."""
    what, words = request.GET.get("what", ""), Words()
    if what in GROUPS:
        made = ConditionRow(what, words, field=request.GET.get(f"{what}-field", ""))
        return render(request, "settings/rule_condition.html", {"row": made})
    return render(request, "settings/rule_action.html", {"row": ActionRow(words, do=request.GET.get("then-do", ""))})


@supervisors_only
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What fired, the newest first; `rule` narrows it, `before` is where the page begins."""
    firings = RuleFiring.objects.select_related("rule", "ticket", "undone_by")
    rule = Rule.objects.filter(pk__in=_ids(request.GET.get("rule", ""))).first()
    if rule:
        firings = firings.filter(rule=rule)
    if last := RuleFiring.objects.filter(pk__in=_ids(request.GET.get("before", ""))).first():
        firings = firings.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk))
    found = list(firings[: A_PAGE + 1])
    context = {"firings": found[:A_PAGE], "rule": rule, "before": found[A_PAGE - 1].pk if len(found) > A_PAGE else None}
    return render(request, "settings/rules_history.html", context)


@supervisors_only
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """All rules as one JSON file."""
    note(AuditEntry.Act.EXPORTED, "tickets_rule")
    answer = JsonResponse(porting.export(Rule.objects.all()), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="rules-{timezone.localdate():%Y-%m-%d}.json"'
    return answer


@require_POST
@supervisors_only
def load(request: HttpRequest) -> HttpResponse:
    """Add the rules of a file, switched off."""
    file = request.FILES.get("file")
    if file is None:
        messages.warning(request, _("Choose a file first."))
        return redirect("rules")
    try:
        made = porting.load(file.read(porting.LARGEST + 1), by=_me(request))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    else:
        said = ngettext("%(n)d rule was added, switched off.", "%(n)d rules were added, switched off.", len(made))
        messages.success(request, said % {"n": len(made)})
    return redirect("rules")


@require_POST
@supervisors_only
def usual(request: HttpRequest) -> HttpResponse:
    """Put in the rules that come with the product and are not here."""
    shipped.ensure()
    return redirect("rules")


@require_POST
@supervisors_only
def switch(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=rule_id)
    try:
        keeping.switch(rule, not rule.is_active, by=_me(request))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
        return redirect("rule", rule.pk)
    if rule.is_active:
        for warning in keeping.warnings(rule):
            messages.warning(request, warning)
    return redirect("rules")


@require_POST
@supervisors_only
def move(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    keeping.move(get_object_or_404(Rule, pk=rule_id), -1 if request.POST.get("to") == "up" else 1)
    return redirect("rules")


@require_POST
@supervisors_only
def remove(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=rule_id)
    keeping.remove(rule, by=_me(request))
    messages.success(request, _("Removed: %(name)s.") % {"name": rule.name})
    return redirect("rules")


@require_POST
@supervisors_only
def undo(request: HttpRequest, firing_id: UUID) -> HttpResponse:
    """Take back what a rule did to one ticket."""
    firing = get_object_or_404(RuleFiring, pk=firing_id)
    try:
        kept = undoing.undo(firing, by=_me(request))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    else:
        but = _("Taken back, but for what somebody changed since: %(fields)s.")
        said = but % {"fields": ", ".join(kept)} if kept else _("Taken back.")
        messages.success(request, said)
    return redirect("rules-history")


def _line(rule: Rule, words: Words) -> dict[str, Any]:
    said = {group: words.conditions(rule, group) for group in GROUPS}
    return {"rule": rule, "when": words.when(rule), "then": words.deeds(rule), **said}


def _edit(request: HttpRequest, rule: Rule) -> HttpResponse:
    context: dict[str, Any] = {"sizes": SIZES}
    step = request.POST.get("step", "")
    if request.method == "POST":
        fill(rule, request.POST, _me(request))
        context["problems"] = [] if step == "rows" else keeping.problems(rule)
        if step == "try" and not context["problems"]:
            last = SIZES[1] if request.POST.get("last") == str(SIZES[1]) else SIZES[0]
            context["tried"] = dry_run(rule, last=last)
        elif step not in ("rows", "try") and not context["problems"]:
            keeping.save(rule, by=_me(request))
            messages.success(request, _("Saved: %(name)s.") % {"name": rule.name})
            for warning in keeping.warnings(rule):
                messages.warning(request, warning)
            return redirect("rule", rule.pk)
        context["warnings"] = keeping.warnings(rule) if step == "try" and not context["problems"] else []
    context |= {"form": RuleForm(rule), "rule": rule, "title": title(rule), "is_new": rule._state.adding}
    if step == "try" and getattr(request, "htmx", False):
        return render(request, "settings/rule_tried.html", context)
    return render(request, "settings/rule.html", context, status=422 if context.get("problems") else 200)


def _ids(value: str) -> list[UUID]:
    """The id, or none."""
    try:
        return [UUID(value)]
    except ValueError:
        return []


def _me(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
