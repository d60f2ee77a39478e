"""How long what is remembered is kept."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class RetentionPolicy(models.Model):
    """One type of data, and after how many days it goes. While it is off, nothing goes. The consent history has none: it is proof."""

    class Data(models.TextChoices):
        ENTITY = "Entity", _("Remembered people and things")
        OBSERVATION = "Observation", _("Remembered conversations")
        EVENT = "Event", _("Remembered events")
        FACT = "Fact", _("Facts that hold no more")
        ACCESS = "Access", _("Who looked")

    data_type = models.CharField(max_length=12, choices=Data.choices, primary_key=True)
    days = models.PositiveIntegerField(_("days"), default=1_095, validators=[MinValueValidator(1), MaxValueValidator(36_500)])
    enabled = models.BooleanField(_("delete on schedule"), default=False)

    class Meta:
        verbose_name = _("retention policy")
        verbose_name_plural = _("retention policies")
        ordering = ("data_type",)

    def __str__(self) -> str:
        return str(self.get_data_type_display())

    def as_said(self) -> dict[str, Any]:
        return {"data_type": self.data_type, "days": self.days, "enabled": self.enabled}
