"""Who gets the figures by mail, and how often."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User


class ReportSubscription(models.Model):
    class Often(models.TextChoices):
        NEVER = "never", _("Never")
        DAILY = "daily", _("Every morning")
        WEEKLY = "weekly", _("On Mondays")

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    often = models.CharField(max_length=6, choices=Often.choices, default=Often.NEVER)
    sent_for = models.DateField(null=True, blank=True)  # the last day that a report was about

    class Meta:
        verbose_name = _("report by e-mail")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.often}"
