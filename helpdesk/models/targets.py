"""What a company aims at with its figures, where it is something else than what its SLA or this house's habit says."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FigureTarget(models.Model):
    """`value` is in the figure's own unit: seconds, a share of 0..1, or points of five."""

    figure = models.CharField(max_length=20, primary_key=True)
    value = models.FloatField(_("target"))

    class Meta:
        verbose_name = _("target of a figure")

    def __str__(self) -> str:
        return f"{self.figure}: {self.value:g}"
