"""Settings, escalations: how long each level has to acknowledge, who is on duty there, and where it goes on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.core.events import record
from helpdesk.core.models import User
from tickets.models import EscalationLevel
from tickets.models.escalation import STANDARD

from .people import supervisors_only

LONGEST = 7 * 24 * 60  # minutes


class LevelForm(forms.ModelForm[EscalationLevel]):
    minutes = forms.IntegerField(
        label=_("To be acknowledged within (minutes)"), min_value=0, max_value=LONGEST, help_text=_("0: it waits for ever.")
    )

    class Meta:
        model = EscalationLevel
        fields = ("minutes", "then", "on_duty")
        widgets = {"on_duty": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [(slug, one[0]) for slug, one in STANDARD.items() if slug != self.instance.slug]
        self.fields["then"] = forms.ChoiceField(
            label=_("When nobody does, it goes to"), required=False, choices=[("", _("Nobody: it stays, overdue")), *others]
        )
        self.fields["on_duty"].queryset = User.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]

    def clean_then(self) -> str:
        """Raises ValidationError for a way that comes back to this level: it would climb round and round."""
        then = str(self.cleaned_data["then"])
        step = then
        while step:
            if step == self.instance.slug:
                raise ValidationError(_t("From there it would come back to this level."))
            step = EscalationLevel.of(step).then
        return then

    def keep(self, *, by: User) -> EscalationLevel:
        before = level_data(EscalationLevel.of(self.instance.slug))
        with transaction.atomic():
            level = self.save()
            record("escalation_level.changed", subject=level, by=by, name=str(level), old=before, new=level_data(level))
        return level


def level_data(level: EscalationLevel) -> dict[str, Any]:
    duty = [] if level._state.adding else sorted(level.on_duty.values_list("name", flat=True))
    return {"minutes": level.minutes, "then": level.then, "on_duty": duty}


def _people(level: EscalationLevel) -> list[User]:
    return list(dict.fromkeys([*level.on_duty.all(), *(shift.person for shift in level.shifts.all())]))


@supervisors_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every level, set or not, with who has duty there: three statements."""
    known = {level.slug: level for level in EscalationLevel.objects.prefetch_related("on_duty", "shifts__person")}
    levels = [known.get(slug) or EscalationLevel(slug=slug, minutes=one[1], then=one[2]) for slug, one in STANDARD.items()]
    shown = [(level, _people(level) if level.slug in known else []) for level in levels]
    return render(request, "settings/escalations.html", {"levels": shown})


@supervisors_only
@require_http_methods(["GET", "POST"])
def level(request: HttpRequest, level_slug: str) -> HttpResponse:
    """One level: POST `minutes`, `then`, `on_duty`."""
    if level_slug not in STANDARD:
        raise Http404
    found = EscalationLevel.of(level_slug)
    form = LevelForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        messages.success(request, _t("Saved: %(name)s.") % {"name": form.keep(by=request.user)})  # type: ignore[arg-type]
        return redirect("escalation-levels")
    return render(request, "settings/escalation_level.html", {"form": form, "level": found}, status=422 if form.errors else 200)
