"""Settings, AI: which model is asked, whether it answers, what it cost, and the wording of its prompts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import BaseModel

from assist.copilot import trying
from helpdesk.core.errors import HelpdeskError, NotFound
from helpdesk.core.llm import LlmUnavailable, Question, complete, ledger, prompts, providers
from helpdesk.core.models import Circuit, ModelCall, PromptVersion, User
from knowledge.comparing import compare

from .people import supervisors_only

SHOWN = 20  # calls
TASKS = ("reply", "rewrite", "call")  # that may have a model of their own


class Sign(BaseModel):
    """What a test asks for."""

    ok: bool


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The provider with its state and its books. POST saves it: an administrator's business, for a key and an address are at stake."""
    given, refused = (request.POST, _save(request)) if request.method == "POST" else ({}, None)
    if request.method == "POST" and refused is None:
        messages.success(request, _("Saved. The next question goes there."))
        return redirect("ai")
    provider = providers.current()
    month = ModelCall.objects.filter(created_at__gte=ledger.this_month())
    counted = month.aggregate(
        calls=Count("pk"), failed=Count("pk", filter=Q(outcome__in=("failed", "invalid"))), spent=Sum("cost", default=0)
    )
    context = {
        "provider": provider,
        "given": given,
        "wrong": refused.extra.get("field") if refused else "",
        "refusal": refused.detail if refused else "",
        "may_save": _may_save(request),
        "circuit": Circuit.objects.filter(name=provider.circuit, paused_until__gt=timezone.now()).first(),
        "test": ModelCall.objects.filter(task="test", created_at__gte=timezone.now() - timedelta(days=1)).order_by("-created_at").first(),
        "tasks": [(task, prompts.find(task).title, provider.models.get(task, ""), task in provider.local) for task in TASKS],
        "month": counted,
        "share": round(100 * counted["spent"] / provider.budget) if provider.budget else None,
        "calls": ModelCall.objects.order_by("-created_at")[:SHOWN],
        "prompts": prompts.in_use(),
    }
    return render(request, "settings/ai.html", context, status=422 if refused else 200)


@require_POST
@supervisors_only
def test(request: HttpRequest) -> HttpResponse:
    """Ask for a sign of life, by what is saved."""
    question = Question(task="test", instructions="Answer with ok set to true.", about="test", a_day=100, fresh=True)
    try:
        complete(question, Sign)
        messages.success(request, _("The model answers."))
    except LlmUnavailable as error:
        messages.warning(request, error.detail)
    return redirect("ai")


@require_POST
@supervisors_only
def forget(request: HttpRequest) -> HttpResponse:
    """Back to what the environment says."""
    if not _may_save(request):
        raise PermissionDenied
    providers.forget()
    messages.success(request, _("The environment's settings are in use again."))
    return redirect("ai")


@supervisors_only
@require_http_methods(["GET", "POST"])
def prompt(request: HttpRequest, prompt_name: str) -> HttpResponse:
    """One prompt. `?version=` puts an older wording into the field; POST saves a new version, or tries it on a ticket (`try`)."""
    try:
        known = prompts.find(prompt_name)
        current = known.current()
        chosen = known.wording(_number(request.GET.get("version"), current.number))
    except NotFound as error:
        raise Http404 from error
    context: dict[str, Any] = {"text": chosen.text, "ticket": "", "note": ""}
    status = 200
    if request.method == "POST":
        context = {
            "text": request.POST.get("text", ""),
            "ticket": request.POST.get("ticket", "").strip(),
            "note": request.POST.get("note", ""),
        }
        try:
            if "try" not in request.POST:
                known.save(context["text"], note=context["note"], after=_number(request.POST.get("after"), -1), by=_me(request))
                messages.success(request, _("Saved. It is in use from now on."))
                return redirect("ai-prompt", prompt_name)
            context["tried"] = trying.try_on(known, context["text"], context["ticket"].strip(), viewer=_me(request))
        except HelpdeskError as error:
            context["refusal"], status = error.detail, 422
    context |= {
        "prompt": known,
        "in_use": current,
        "chosen": chosen,
        "rows": compare(current.text, context["text"].replace("\r\n", "\n").strip()),
        "versions": PromptVersion.objects.filter(name=prompt_name).select_related("created_by").order_by("-number"),
        "may_try": prompt_name in trying.PROMPTS,
    }
    return render(request, "settings/ai_prompt.html", context, status=status)


def _save(request: HttpRequest) -> HelpdeskError | None:
    """What was wrong, if anything was."""
    if not _may_save(request):
        raise PermissionDenied
    form = request.POST
    given: dict[str, Any] = {name: form.get(name, "") for name in ("base_url", "key", "model", "budget", "seconds")}
    given |= {
        "on": form.get("on") == "yes",
        "hide_names": "hide_names" in form,
        "models": {task: form.get(f"model-{task}", "") for task in TASKS},
        "local": {*(providers.current().local - {*TASKS}), *(task for task in TASKS if f"local-{task}" in form)},
    }
    try:
        providers.save(given, by=_me(request))
    except HelpdeskError as error:
        return error
    return None


def _may_save(request: HttpRequest) -> bool:
    return _me(request).role == User.Role.ADMIN or _me(request).is_superuser


def _me(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


def _number(value: str | None, otherwise: int) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 6 else otherwise  # noqa: PLR2004
