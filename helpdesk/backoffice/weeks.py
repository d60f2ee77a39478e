"""A week as seven lines of times: "09:00–12:30, 13:30–17:00". For calendars of business hours, and for shifts of duty."""

from __future__ import annotations

from typing import Any, TypeVar
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets.sla import words

DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
M = TypeVar("M", bound=Model)


def zone_box() -> forms.TextInput:
    """Where a time zone is typed, with the list of all to choose from."""
    return forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"})


class WeekForm(forms.ModelForm[M]):
    """For a model with a `week`; the page shows `week_fields`, and above them what is wrong with the whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, day in enumerate(DAYS):
            initial = words.day_text(self.instance.week[number])  # type: ignore[attr-defined]
            self.fields[f"day-{number}"] = forms.CharField(label=day, required=False, max_length=120, initial=initial)

    @property
    def week_fields(self) -> list[Any]:
        return [self[f"day-{number}"] for number in range(len(DAYS))]

    @property
    def zones(self) -> list[str]:
        return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        week = []
        for number in range(len(DAYS)):
            try:
                week.append(words.stretches(data.get(f"day-{number}") or ""))
            except ValueError as error:
                self.add_error(f"day-{number}", _t("“%(text)s” is not like 09:00–17:00.") % {"text": str(error)[:40]})
                week.append([])
        if not self.errors:
            self.instance.week = week  # type: ignore[attr-defined]
        return data

    def _update_errors(self, errors: ValidationError) -> None:
        if hasattr(errors, "error_dict") and "week" in errors.error_dict:
            errors.error_dict["__all__"] = errors.error_dict.pop("week")
        super()._update_errors(errors)  # type: ignore[misc]
