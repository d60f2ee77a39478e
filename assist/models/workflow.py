"""A company's own way to triage: steps and routes in the grammar of `triage/workflows.py`, asked before ours."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from assist.triage import workflows
from helpdesk.core.errors import Invalid


class OwnWorkflow(models.Model):
    name = models.SlugField(_("name"), max_length=40, unique=True, help_text=_("As runs name it, such as vip_customers"))
    title = models.CharField(_("title"), max_length=80)
    when = models.JSONField(
        _("when"),
        default=list,
        blank=True,
        null=True,
        help_text=_('Alternatives, such as [{"tier": ["enterprise"]}, {"urgent": true}]. An empty list takes every ticket.'),
    )
    stages = models.JSONField(_("stages"), default=list, help_text=_("Steps after the reading, in order; a list runs side by side."))
    position = models.PositiveSmallIntegerField(_("position"), default=0, help_text=_("The first that fits is taken."))
    is_active = models.BooleanField(_("in use"), default=False)

    class Meta:
        verbose_name = _("workflow")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.name in {one.name for one in workflows.OURS}:
            raise ValidationError({"name": _("We have a workflow of this name already.")})
        try:
            self.parsed()
        except Invalid as error:
            field = "when" if error.detail.startswith("when") else "stages"
            raise ValidationError({field: error.detail}) from error

    def parsed(self) -> workflows.Workflow:
        """Raises Invalid that says what is wrong and where."""
        return workflows.parse({"name": self.name, "title": self.title, "when": self.when, "stages": self.stages})
