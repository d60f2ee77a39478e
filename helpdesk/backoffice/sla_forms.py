"""Forms about promises: a policy with its targets, a calendar with its week and holidays."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from helpdesk.core.events import record
from helpdesk.core.models import User
from tickets.models import BusinessHours, Holiday, Queue, SlaPolicy
from tickets.sla import ical, words
from tickets.sla.clocks import KINDS
from tickets.sla.policies import PRIORITIES, STANDARD

from .weeks import WeekForm, zone_box

LARGEST_FILE = 1_000_000  # bytes
MOST_LINES = 1_000


def countries() -> list[tuple[str, str]]:
    """Those whose public holidays are known: (code, name)."""
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - read only where this page is shown

    named = [(codes[1], re.sub(r"(?<=[a-z])(?=[A-Z])", " ", codes[0])) for codes in COUNTRIES.values()]
    return sorted(named, key=lambda one: one[1])


class PolicyForm(forms.ModelForm[SlaPolicy]):
    """Targets are typed as lengths of time; an empty one promises nothing."""

    tiers_text = forms.CharField(
        label=_("Only for these tiers"), required=False, max_length=300, help_text=_("Words with commas between. Empty: any customer.")
    )

    class Meta:
        model = SlaPolicy
        fields = ("name", "position", "is_active", "queues", "hours", "warn_percent")
        widgets = {"queues": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tiers_text"].initial = ", ".join(self.instance.tiers)
        self.fields["hours"].empty_label = _t("Round the clock")  # type: ignore[attr-defined]
        self.fields["queues"].queryset = Queue.objects.all()  # type: ignore[attr-defined]
        self.fields["position"].help_text = _t("The policy with the lowest number that takes a ticket has it.")
        if self.instance.is_default:
            for name in ("position", "is_active", "queues", "tiers_text"):
                del self.fields[name]
        targets = self.instance.targets or STANDARD
        for priority in PRIORITIES:
            for kind in KINDS:
                initial = words.length_text(targets.get(priority, {}).get(kind))
                self.fields[f"{priority}-{kind}"] = forms.CharField(required=False, max_length=20, initial=initial)

    @property
    def rows(self) -> list[tuple[str, list[Any]]]:
        """The table of targets: a priority with its three fields."""
        return [(priority, [self[f"{priority}-{kind}"] for kind in KINDS]) for priority in PRIORITIES]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        targets: dict[str, dict[str, int | None]] = {priority: {} for priority in PRIORITIES}
        for priority in PRIORITIES:
            for kind in KINDS:
                try:
                    targets[priority][kind] = words.minutes(data.get(f"{priority}-{kind}") or "")
                except ValueError:
                    self.add_error(f"{priority}-{kind}", _t("Write it like 2 h, 1 h 30 or 45 min."))
        self.instance.targets = targets
        if "tiers_text" in self.fields:
            self.instance.tiers = [one for one in re.split(r"[,;\n]", data.get("tiers_text") or "") if one.strip()]
        return data

    def _post_clean(self) -> None:
        try:
            super()._post_clean()  # type: ignore[misc]
        except ValueError as error:  # a mistake of the model's in a field that this form does not show by that name
            self.add_error(None, str(error))

    def _update_errors(self, errors: ValidationError) -> None:
        """What is wrong with the targets stands above the table."""
        if hasattr(errors, "error_dict") and "targets" in errors.error_dict:
            errors.error_dict["__all__"] = errors.error_dict.pop("targets")
        super()._update_errors(errors)  # type: ignore[misc]

    def keep(self, *, by: User) -> SlaPolicy:
        """Save, and have the open tickets worked out anew."""
        before = {} if self.instance._state.adding else _policy_data(SlaPolicy.objects.get(pk=self.instance.pk))
        with transaction.atomic():
            policy = self.save()
            record("policy.changed", subject=policy, by=by, name=policy.name, old=before, new=_policy_data(policy))
        return policy


class HoursForm(WeekForm[BusinessHours]):
    """A week as seven lines of times, and holidays as lines of dates; an iCalendar file adds to them."""

    days_off = forms.CharField(
        label=_("Closed on"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One day a line: 2026-12-24 Christmas Eve"),
    )
    file = forms.FileField(label=_("Add the days of an iCalendar file"), required=False, help_text=_("An .ics file, up to 1 MB."))
    country = forms.ChoiceField(label=_("Public holidays of"), required=False)

    class Meta:
        model = BusinessHours
        fields = ("name", "time_zone", "country", "subdivision")
        widgets = {"time_zone": zone_box()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", _t("No country")), *countries()]  # type: ignore[attr-defined]
        self.fields["subdivision"].help_text = _t("Its short name, such as BY or CA. Empty: the days of the whole country.")
        if not self.instance._state.adding:
            self.fields["days_off"].initial = "\n".join(str(one) for one in self.instance.holidays.all())

    def clean_subdivision(self) -> str:
        import holidays  # noqa: PLC0415

        region, country = self.cleaned_data["subdivision"].strip(), self.cleaned_data.get("country", "")
        known = holidays.list_supported_countries().get(country, [])
        if region and region not in known:
            raise ValidationError(_t("There is no such region. Known: %(known)s") % {"known": ", ".join(known) or "–"})
        return region

    def clean_days_off(self) -> dict[date, str]:
        found: dict[date, str] = {}
        for line in self.cleaned_data["days_off"].splitlines()[:MOST_LINES]:
            day, _sep, name = line.strip().partition(" ")
            if not day:
                continue
            try:
                found[date.fromisoformat(day)] = name.strip()[:120]
            except ValueError as error:
                raise ValidationError(_t("“%(line)s” does not begin with a date like 2026-12-24.") % {"line": line[:60]}) from error
        return found

    def clean_file(self) -> dict[date, str]:
        sent = self.cleaned_data["file"]
        if not sent:
            return {}
        if sent.size > LARGEST_FILE:
            raise ValidationError(_t("This file is larger than 1 MB."))
        try:
            return ical.days(sent.read().decode("utf-8", "replace"), today=timezone.localdate())
        except ValueError as error:
            raise ValidationError(_t("This is no calendar with events.")) from error

    def keep(self, *, by: User) -> BusinessHours:
        """Save with its holidays, and have the open tickets worked out anew."""
        before = {} if self.instance._state.adding else _hours_data(BusinessHours.objects.get(pk=self.instance.pk))
        with transaction.atomic():
            hours = self.save()
            wanted = {**self.cleaned_data["file"], **self.cleaned_data["days_off"]}
            hours.holidays.exclude(day__in=wanted).delete()
            rows = [Holiday(hours=hours, day=day, name=name) for day, name in wanted.items()]
            Holiday.objects.bulk_create(rows, update_conflicts=True, unique_fields=["hours", "day"], update_fields=["name"])
            record("policy.changed", subject=hours, by=by, name=hours.name, old=before, new=_hours_data(hours))
        return hours


def _policy_data(policy: SlaPolicy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "position": policy.position,
        "in_use": policy.is_active,
        "teams": sorted(policy.queues.values_list("slug", flat=True)),
        "tiers": policy.tiers,
        "hours": str(policy.hours or ""),
        "targets": policy.targets,
        "warn_percent": policy.warn_percent,
    }


def _hours_data(hours: BusinessHours) -> dict[str, Any]:
    return {
        "name": hours.name,
        "time_zone": hours.time_zone,
        "week": hours.week,
        "country": hours.country,
        "region": hours.subdivision,
        "closed": [str(one) for one in hours.holidays.all()],
    }
