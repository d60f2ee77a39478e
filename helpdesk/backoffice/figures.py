"""Settings, figures and targets: what is aimed at, figure by figure. An empty line takes what the SLA promises, or what is usual."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from helpdesk.core.models import Event, User
from tickets.sla import words

from .metrics import targets
from .metrics.definitions import DEFINITIONS, Definition
from .people import supervisors_only

SHOWN = 5  # the last changes
HINTS = {"seconds": _("Like 30 min or 1 h 30."), "share": _("Per cent."), "points": _("Between 1 and 5.")}
SOURCES = {"sla": _("from the SLA: %(value)s"), "usual": _("as delivered: %(value)s"), "own": _("set here")}


class TargetField(forms.CharField):
    """A target as people write it: a length of time, a share in per cent, or points of five. Cleans to the figure's own unit, or None."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=20, **kwargs)
        self.kind = kind

    def clean(self, value: Any) -> float | None:
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            return _read(self.kind, text)
        except ValueError:
            raise ValidationError(HINTS[self.kind]) from None


def _read(kind: str, text: str) -> float:
    if kind == "seconds":
        minutes = words.minutes(text)
        if not minutes:
            raise ValueError(text)
        return 60.0 * minutes
    number = float(text.rstrip("% ").replace(",", "."))
    low, high = (0, 100) if kind == "share" else (1, 5)
    if not low < number <= high:
        raise ValueError(text)
    return number / 100 if kind == "share" else number


def written(kind: str, value: float | None) -> str:
    """As `TargetField` reads it."""
    if value is None:
        return ""
    return words.length_text(round(value / 60)) if kind == "seconds" else f"{100 * value:g}" if kind == "share" else f"{value:g}"


class TargetsForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, target in targets.current().items():
            definition = DEFINITIONS[name]
            if definition.aims:
                initial = written(definition.aims, target.value) if target.source == "own" else ""
                label, hint = definition.label, HINTS[definition.aims]
                self.fields[name] = TargetField(definition.aims, label=label, help_text=hint, initial=initial)

    def keep(self, *, by: User) -> None:
        targets.save(self.cleaned_data, by=by)


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """POST: one value by the name of each figure; one wrong line changes nothing."""
    form = TargetsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.keep(by=request.user)  # type: ignore[arg-type]
        messages.success(request, _t("Saved. The dashboard follows within seconds."))
        return redirect("figures")
    now = targets.current()
    lines = [(form[name], DEFINITIONS[name], said(DEFINITIONS[name], now[name])) for name in form.fields]
    changed = Event.objects.filter(kind="figures.changed").order_by("-id")[:SHOWN]
    return render(request, "settings/figures.html", {"lines": lines, "changed": changed}, status=422 if form.errors else 200)


def said(definition: Definition, target: targets.Target) -> str:
    """Where a target comes from: "from the SLA: 2 h"; "" where there is none."""
    if target.value is None:
        return ""
    unit = "%" if definition.aims == "share" else ""
    return str(SOURCES[target.source]) % {"value": f"{written(definition.aims, target.value)}{unit}"}
