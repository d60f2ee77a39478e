"""Who is on duty at a level of escalation: weekly shifts, and days on which somebody else stands in, or nobody."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from helpdesk.core.zones import zone_of
from tickets.sla.hours import Hours

from .escalation import EscalationLevel
from .sla import check_week


def working_week() -> list[list[list[int]]]:
    """Nine to five on working days."""
    return [*([[[540, 1020]]] * 5), [], []]


class DutyShift(models.Model):
    """When one person is on duty, week by week. A night is two stretches: until 24:00, and from 00:00 of the day after."""

    level = models.ForeignKey(EscalationLevel, on_delete=models.CASCADE, related_name="shifts")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("colleague"))
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)  # empty: the person's own
    week = models.JSONField(_("week"), default=working_week)  # as BusinessHours.week

    class Meta:
        verbose_name = _("shift of duty")
        verbose_name_plural = _("shifts of duty")
        constraints = (models.UniqueConstraint(fields=("level", "person"), name="one_shift_a_person"),)

    def __str__(self) -> str:
        return f"{self.person_id} at {self.level_id}"

    def clean(self) -> None:
        """Raises ValidationError for hours that make no sense, and a time zone that nobody knows."""
        errors: dict[str, Any] = {}
        if self.time_zone and self.time_zone not in available_timezones():
            errors["time_zone"] = _("There is no such time zone.")
        try:
            check_week(self.week)
        except ValidationError as error:
            errors["week"] = error.messages
        if errors:
            raise ValidationError(errors)

    @property
    def zone(self) -> str:
        """One that is known, whatever the person wrote as theirs."""
        return zone_of(self.time_zone or self.person.time_zone).key

    def as_hours(self) -> Hours:
        return Hours(self.zone, tuple(tuple((opens, closes) for opens, closes in day) for day in self.week))


class DutyDay(models.Model):
    """A day (by the clock of their shift) on which somebody is not on duty: `stand_in` is, or nobody."""

    level = models.ForeignKey(EscalationLevel, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(_("day"))
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("colleague"))
    stand_in = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who stands in"))

    class Meta:
        verbose_name = _("day of another on duty")
        verbose_name_plural = _("days of another on duty")
        ordering = ("day", "id")
        constraints = (models.UniqueConstraint(fields=("level", "day", "person"), name="one_stand_in_a_day"),)

    def __str__(self) -> str:
        return f"{self.day} {self.person_id}"

    def clean(self) -> None:
        if self.stand_in_id is not None and self.stand_in_id == self.person_id:
            raise ValidationError({"stand_in": _("Nobody stands in for themselves.")})
