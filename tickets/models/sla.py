"""Promises to customers: calendars of business hours, and policies that say what is due when."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.sla.clocks import KINDS
from tickets.sla.hours import ROUND_THE_CLOCK, WHOLE_DAY, Hours
from tickets.sla.policies import PRIORITIES, STANDARD, hours_from

from .queue import Queue

LONGEST_TARGET = 366 * 24 * 60  # minutes


def whole_week() -> list[list[list[int]]]:
    return [[[opens, closes] for opens, closes in day] for day in ROUND_THE_CLOCK]


def standard_targets() -> dict[str, Any]:
    return {priority: dict(targets) for priority, targets in STANDARD.items()}


class BusinessHours(models.Model):
    """When people work. `week` holds seven days, Monday first, each a list of [from, until] in minutes of the day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    week = models.JSONField(_("week"), default=whole_week)
    country = models.CharField(_("public holidays of"), max_length=2, blank=True)
    subdivision = models.CharField(_("region"), max_length=10, blank=True)

    class Meta:
        verbose_name = _("business hours")
        verbose_name_plural = _("business hours")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError for hours that overlap, end before they begin, or never open."""
        errors: dict[str, Any] = {}
        if self.time_zone not in available_timezones():
            errors["time_zone"] = _("There is no such time zone.")
        try:
            check_week(self.week)
        except ValidationError as error:
            errors["week"] = error.messages
        if errors:
            raise ValidationError(errors)

    def as_hours(self) -> Hours:
        closed = [one.day.isoformat() for one in self.holidays.all()]  # what was prefetched is not read again
        row = {"zone": self.time_zone, "week": self.week, "closed": closed, "country": self.country, "subdivision": self.subdivision}
        return hours_from({**row, "name": self.name})


def check_week(week: Any) -> None:
    """Raises ValidationError where a week of business hours makes no sense."""
    if not isinstance(week, list) or len(week) != len(ROUND_THE_CLOCK):
        raise ValidationError(_("A week has seven days."))
    if not any(week):
        raise ValidationError(_("Somebody must work at some time: open at least one day."))
    for day in week:
        last = 0
        for stretch in day:
            if not (isinstance(stretch, (list, tuple)) and [type(one) for one in stretch] == [int, int]):
                raise ValidationError(_("Hours are pairs of times."))
            opens, closes = stretch
            if not 0 <= opens < closes <= WHOLE_DAY:
                raise ValidationError(_("Hours end after they begin, on the same day."))
            if opens < last:
                raise ValidationError(_("Two stretches of one day overlap, or stand in the wrong order."))
            last = closes


class Holiday(models.Model):
    """A day on which a calendar is closed, beside the public holidays of its country."""

    hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("holiday")
        ordering = ("day",)
        constraints = (models.UniqueConstraint(fields=("hours", "day"), name="holiday_once"),)

    def __str__(self) -> str:
        return f"{self.day} {self.name}".strip()


class SlaPolicy(models.Model):
    """What is promised to whom. `targets` holds minutes by priority and promise; no number: nothing is promised."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)  # the first that takes a ticket has it
    is_default = models.BooleanField(_("takes every other ticket"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    queues = models.ManyToManyField(Queue, blank=True, related_name="+", verbose_name=_("teams"))  # none: of any
    tiers = models.JSONField(_("tiers"), default=list, blank=True)  # in lower case; none: of any
    hours = models.ForeignKey(
        BusinessHours, on_delete=models.PROTECT, null=True, blank=True, related_name="policies", verbose_name=_("business hours")
    )
    targets = models.JSONField(_("targets"), default=standard_targets)
    warn_percent = models.PositiveSmallIntegerField(
        _("warn when so much of the time is left (%)"), default=25, validators=[MaxValueValidator(90)]
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("SLA policy")
        verbose_name_plural = _("SLA policies")
        ordering = ("is_default", "position", "created_at")
        constraints = (models.UniqueConstraint(fields=("is_default",), condition=models.Q(is_default=True), name="one_default_policy"),)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError for targets that are no promise."""
        try:
            check_targets(self.targets)
        except ValidationError as error:
            raise ValidationError({"targets": error.messages}) from error
        if not (isinstance(self.tiers, list) and all(isinstance(one, str) for one in self.tiers)):
            raise ValidationError({"tiers": _("Tiers are a list of words.")})
        self.tiers = sorted({one.strip().lower() for one in self.tiers if one.strip()})


def check_targets(targets: Any) -> None:
    """Raises ValidationError unless each is a whole number of minutes, and a first reply is not due after the solution."""
    if not isinstance(targets, dict) or set(targets) - set(PRIORITIES):
        raise ValidationError(_("Targets stand by priority."))
    for promised in targets.values():
        if not isinstance(promised, dict) or set(promised) - set(KINDS):
            raise ValidationError(_("A target is for the first reply, the next reply or the solution."))
        for minutes in promised.values():
            if minutes is not None and not (type(minutes) is int and 0 < minutes <= LONGEST_TARGET):
                raise ValidationError(_("A target is a number of minutes, between one minute and a year."))
        first, solved = promised.get("first_reply"), promised.get("resolve")
        if first and solved and first > solved:
            raise ValidationError(_("The first reply cannot be due after the solution."))
