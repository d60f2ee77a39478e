"""The form of an experiment: what is tried, on whom, what counts, what must not get worse; and two to four arms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.experiments import guarding
from assist.experiments.features import FEATURES
from assist.models import Experiment, ExperimentArm
from helpdesk.core.llm import prompts

ROWS = 4
INPUT = {"class": "input"}


class ExperimentForm(forms.ModelForm[Experiment]):
    class Meta:
        model = Experiment
        fields = ("name", "feature", "unit", "metric", "minimum")
        widgets = {
            "name": forms.TextInput(attrs=INPUT | {"maxlength": "120"}),
            "feature": forms.HiddenInput(),
            "unit": forms.Select(attrs=INPUT),
            "metric": forms.Select(attrs=INPUT),
            "minimum": forms.NumberInput(attrs=INPUT | {"min": str(Experiment.LEAST_MINIMUM)}),
        }

    def __init__(self, *args: Any, feature: str, **kwargs: Any) -> None:
        """What may be chosen hangs on what is tried."""
        super().__init__(*args, **kwargs)
        tried, self.guards = FEATURES[feature], guarding.of(feature)
        self.initial["feature"] = feature
        for name, offered in (("unit", tried.units), ("metric", tuple(tried.metrics))):
            field: Any = self.fields[name]
            field.choices = [(value, label) for value, label in field.choices if value in offered]
            if self.instance.feature != feature or self.instance._state.adding:
                self.initial[name] = offered[0]
        for name, guard in self.guards.items():
            limit = forms.FloatField(required=False, min_value=0, max_value=guard.most * (100 if guard.unit == "%" else 1))
            limit.widget.attrs |= INPUT | {"step": "any"}
            limit.label = f"{guard.label} ({guard.unit})"
            known = self.instance.guards.get(name)
            self.initial[f"guard-{name}"] = None if known is None else round(known * 100, 4) if guard.unit == "%" else known
            self.fields[f"guard-{name}"] = limit

    @property
    def guard_fields(self) -> list[Any]:
        return [self[f"guard-{name}"] for name in self.guards]

    @property
    def given(self) -> dict[str, Any]:
        """What `running.save` takes."""
        cleaned = self.cleaned_data
        limits = {name: cleaned.get(f"guard-{name}") for name in self.guards}
        guards = {name: limit / 100 if self.guards[name].unit == "%" else limit for name, limit in limits.items() if limit is not None}
        return {name: cleaned[name] for name in self.Meta.fields} | {"guards": guards}


class ArmForm(forms.Form):
    name = forms.CharField(required=False, max_length=60, label=gettext_lazy("Name"), widget=forms.TextInput(attrs=INPUT))
    engine = forms.ChoiceField(choices=ExperimentArm.Engine.choices, label=gettext_lazy("Engine"), widget=forms.Select(attrs=INPUT))
    model = forms.CharField(
        required=False, max_length=100, label=gettext_lazy("Model"), widget=forms.TextInput(attrs=INPUT)
    )  # what is in use, where it is left open
    prompt_number = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label=gettext_lazy("Prompt version"), widget=forms.Select(attrs=INPUT)
    )
    weight = forms.IntegerField(
        initial=50, min_value=1, max_value=1000, required=False, label=gettext_lazy("Share"), widget=forms.NumberInput(attrs=INPUT)
    )

    def __init__(self, *args: Any, feature: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        prompt = self.fields["prompt_number"]
        prompt.choices = [("", _("In use")), *versions(feature)]  # type: ignore[attr-defined]

    def clean_model(self) -> str:
        name = str(self.cleaned_data.get("model") or "").strip()
        if not name.isprintable():
            raise forms.ValidationError(_("This is not a model's name."))
        return name

    @property
    def given(self) -> dict[str, Any]:
        """What `running.save` takes of an arm; the local engine has neither model nor prompt."""
        one = dict(self.cleaned_data) | {"weight": self.cleaned_data.get("weight") or 50}
        return one | ({"model": "", "prompt_number": None} if one["engine"] == ExperimentArm.Engine.LOCAL else {})


def versions(feature: str) -> list[tuple[int, str]]:
    """Every wording of the feature's prompt, the newest first."""
    return [(number, _("Version %(n)d") % {"n": number} if number else _("As delivered")) for number in prompts.numbers(feature)]


def arm_forms(data: Any, experiment: Experiment | None, feature: str) -> list[ArmForm]:
    """Four rows: the arms there are, then empty ones. A new experiment begins with what is in use, and one to hold against it."""
    if data is not None:
        return [ArmForm(data, prefix=f"arm{n}", feature=feature) for n in range(ROWS)]
    if experiment is None:
        known: list[dict[str, Any]] = [{"name": _("In use"), "weight": 50}, {"name": _("New"), "weight": 50}]
    else:
        fields = ("name", "engine", "model", "prompt_number", "weight")
        known = [{name: getattr(arm, name) for name in fields} for arm in experiment.arms.all()]
    rows = range(max(ROWS, len(known)))
    return [ArmForm(prefix=f"arm{n}", initial=known[n] if n < len(known) else {}, feature=feature) for n in rows]
