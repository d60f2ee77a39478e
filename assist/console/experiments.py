"""Experiments in the console: the list, the form, and one experiment with its verdict first. For supervisors and admins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assist.experiments import guarding, judging, running, showing
from assist.experiments.features import FEATURES
from assist.models import Experiment, ExperimentArm
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.llm import provider
from helpdesk.core.models import Event, User
from helpdesk.core.requests import AgentRequest

from .experiment_forms import ExperimentForm, arm_forms

SHOWN = 100
HISTORY = 30


@login_required
@require_safe
def index(request: AgentRequest) -> HttpResponse:
    """All of them, the newest first; the numbers of one stand on its page."""
    _overseer(request)
    found = Experiment.objects.visible_to(request.user).select_related("created_by", "winner").prefetch_related("arms")[:SHOWN]
    return render(request, "assist/evaluation/experiments.html", {"experiments": found})


@login_required
@require_safe
def one(request: AgentRequest, experiment_id: UUID) -> HttpResponse:
    """The verdict, what it rests on, the guards, and what may be done now."""
    _overseer(request)
    experiment = _found(experiment_id)
    reading = judging.read(experiment)
    history = Event.objects.filter(subject_type="experiment", subject_id=str(experiment.pk)).order_by("-id")[:HISTORY]
    context: dict[str, Any] = {
        "experiment": experiment,
        "reading": reading,
        "verdict": showing.verdict(reading),
        "rows": showing.rows(reading),
        "chart": showing.chart(reading),
        "days": showing.table(reading),
        "guards": guarding.look(experiment),
        "share": min(100, round(100 * reading.fewest / experiment.minimum)),
        "history": history,
        "provider_on": provider().on,
    }
    return render(request, "assist/evaluation/experiment.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def write(request: AgentRequest, experiment_id: UUID | None = None) -> HttpResponse:
    """A new draft, or another wording of one that did not run yet. `feature`: what is tried; once written, it stays so."""
    user = _overseer(request)
    experiment = _found(experiment_id) if experiment_id else None
    if experiment and experiment.state != Experiment.State.DRAFT:
        messages.warning(request, _("It ran already: only its shares can be changed."))
        return redirect("experiment", experiment.pk)
    data = request.POST if request.method == "POST" else None
    feature = experiment.feature if experiment else request.POST.get("feature") or request.GET.get("feature") or Experiment.Feature.REPLY
    if feature not in FEATURES or (data is not None and data.get("feature") != feature):
        return HttpResponseBadRequest()
    form, arms = ExperimentForm(data, instance=experiment, feature=feature), arm_forms(data, experiment, feature)
    error = ""
    if data is not None:
        filled = [one for one in arms if data.get(f"{one.prefix}-name", "").strip()]
        if form.is_valid() & all([one.is_valid() for one in filled]):
            try:
                saved = running.save(form.given, [one.given for one in filled], by=user, experiment=experiment)
            except HelpdeskError as refused:
                error = refused.detail
            else:
                messages.success(request, _("Saved. It takes effect when you start it."))
                return redirect("experiment", saved.pk)
    context = {"form": form, "arms": arms, "experiment": experiment, "error": error, "feature": feature}
    context["features"] = Experiment.Feature.choices
    return render(request, "assist/evaluation/experiment_form.html", context, status=422 if data is not None else 200)


@login_required
@require_POST
def act(request: AgentRequest, experiment_id: UUID) -> HttpResponse:
    """`act`: start, stop, decide (`arm`, `reason`), undo, weigh (`weight-ARM`), remove."""
    user, experiment = _overseer(request), _found(experiment_id)
    verb = _VERBS.get(request.POST.get("act", ""))
    if verb is None:
        return HttpResponseBadRequest()
    try:
        messages.success(request, verb(experiment, request.POST, user))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    there = Experiment.objects.filter(pk=experiment_id).exists()
    return redirect("experiment", experiment_id) if there else redirect("experiments")


def _start(experiment: Experiment, given: QueryDict, by: User) -> str:
    running.start(experiment, by=by)
    return _("It runs from now on.")


def _stop(experiment: Experiment, given: QueryDict, by: User) -> str:
    running.stop(experiment, by=by)
    return _("Stopped. Everybody gets what is in use.")


def _decide(experiment: Experiment, given: QueryDict, by: User) -> str:
    """Before the verdict, it takes a reason: an experiment that is cut short at a good moment proves nothing."""
    arm = _arm(experiment, given)
    reading, reason = judging.read(experiment), given.get("reason", "").replace("\x00", "").strip()
    if not reason and (reading.best is None or reading.best.arm != arm):
        raise _refused(_("The numbers do not say so yet. Say why, and it is done."))
    running.decide(experiment, arm, by=by, reason=reason)
    return _("Decided. “%(arm)s” is in use now.") % {"arm": arm.name}


def _undo(experiment: Experiment, given: QueryDict, by: User) -> str:
    running.undo(experiment, by=by)
    return _("What was in use before is in use again.")


def _weigh(experiment: Experiment, given: QueryDict, by: User) -> str:
    entered = {arm.pk: given.get(f"weight-{arm.pk}", "") for arm in experiment.arms.all()}
    running.weigh(experiment, {pk: int(text) if text.isdigit() and len(text) < 6 else 0 for pk, text in entered.items()}, by=by)  # noqa: PLR2004
    return _("Saved. Who has an arm keeps it.")


def _remove(experiment: Experiment, given: QueryDict, by: User) -> str:
    running.remove(experiment, by=by)
    return _("Removed.")


_VERBS = {"start": _start, "stop": _stop, "decide": _decide, "undo": _undo, "weigh": _weigh, "remove": _remove}


def _refused(words: str) -> HelpdeskError:
    return HelpdeskError(words)


def _arm(experiment: Experiment, given: QueryDict) -> ExperimentArm:
    return get_object_or_404(experiment.arms, position=given.get("arm", "")[:2] if given.get("arm", "")[:2].isdigit() else -1)


def _found(pk: UUID) -> Experiment:
    found = Experiment.objects.select_related("created_by", "winner").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _overseer(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not user.oversees:
        raise PermissionDenied
    return user
