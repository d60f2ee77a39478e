"""Figures of past days, counted once, of each team and channel. Rebuilt from what they count at any time."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class DayFigures(models.Model):
    """What happened on one day, in the company's time zone. Waits are kept one by one, so that percentiles stay exact."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    queue_id = models.UUIDField()  # no key: figures outlive their team
    channel = models.CharField(max_length=10)
    created = models.PositiveIntegerField(default=0)
    negative = models.PositiveIntegerField(default=0)  # of those created
    positive = models.PositiveIntegerField(default=0)
    felt = models.PositiveIntegerField(default=0)  # of those created, whose mood is known
    escalated = models.PositiveIntegerField(default=0)  # of those created
    solved = models.PositiveIntegerField(default=0)
    met = models.PositiveIntegerField(default=0)  # first replies and solutions in time
    missed = models.PositiveIntegerField(default=0)  # and late
    first_replies = ArrayField(models.IntegerField(), default=list)  # seconds, of those answered that day
    resolutions = ArrayField(models.IntegerField(), default=list)  # seconds, of those whom people solved that day
    first_replies_open = ArrayField(models.IntegerField(), default=list, db_default=[])  # the same in business hours
    resolutions_open = ArrayField(models.IntegerField(), default=list, db_default=[])
    topics = models.JSONField(default=dict)  # {category's id: how many of those created}; "" without one

    class Meta:
        verbose_name = _("figures of a day")
        constraints = (models.UniqueConstraint(fields=("day", "queue_id", "channel"), name="figures_once"),)

    def __str__(self) -> str:
        return f"{self.day} {self.channel}"


class DayGiven(models.Model):
    """How much of one thing the engine gave on one day: drafts of a fate, suggestions of a kind and what was said of them, …"""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(db_index=True)
    queue_id = models.UUIDField(null=True)  # of the ticket; none: it belonged to no ticket
    channel = models.CharField(max_length=10)
    what = models.CharField(max_length=10)  # draft | suggestion | guess | call
    name = models.CharField(max_length=40)  # a fate, kind or task
    said = models.CharField(max_length=20)  # of a suggestion
    n = models.PositiveIntegerField()
    good = models.PositiveIntegerField()  # of those: clicked, right, answered
    cost = models.DecimalField(max_digits=14, decimal_places=6)  # US dollars

    class Meta:
        verbose_name = _("given on a day")

    def __str__(self) -> str:
        return f"{self.day} {self.what} {self.name}"
