"""Escalations: what somebody else must see, at which level, until when it must be acknowledged, and who looks after it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

from .ticket import Ticket

# Before a company sets its own: minutes until somebody must have acknowledged, and the level that hears of it then.
STANDARD: dict[str, tuple[Any, int, str]] = {
    "senior_support": (_("Senior support"), 60, "supervisor"),
    "technical_specialist": (_("Technical specialist"), 60, "supervisor"),
    "legal": (_("Legal"), 240, "supervisor"),
    "security": (_("Security"), 15, "supervisor"),
    "supervisor": (_("Supervisor"), 60, ""),
}


class EscalationLevel(models.Model):
    """How long a level has, who is on duty there, and where it goes on."""

    slug = models.CharField(_("level"), max_length=40, primary_key=True, choices=[(slug, one[0]) for slug, one in STANDARD.items()])
    minutes = models.PositiveIntegerField(_("acknowledge within (minutes)"), default=60, help_text=_("0: no timer"))
    then = models.CharField(_("else to"), max_length=40, blank=True, choices=[(slug, one[0]) for slug, one in STANDARD.items()])
    on_duty = models.ManyToManyField(User, blank=True, related_name="+", verbose_name=_("on duty"))

    class Meta:
        verbose_name = _("level of escalation")
        verbose_name_plural = _("levels of escalation")

    def __str__(self) -> str:
        return self.get_slug_display()

    @classmethod
    def of(cls, slug: str) -> EscalationLevel:
        """The level as set, or as it is before anybody set it."""
        _name, minutes, then = STANDARD.get(slug, ("", 60, ""))
        return cls.objects.filter(pk=slug).first() or cls(slug=slug, minutes=minutes, then=then)

    def due_at(self) -> Any:
        return timezone.now() + timedelta(minutes=self.minutes) if self.minutes else None


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def visible_to(self, viewer: Any) -> Self:
        return self.filter(ticket__in=Ticket.objects.visible_to(viewer))

    def open(self) -> Self:
        return self.filter(state__in=Escalation.OPEN)

    def counting(self) -> Self:
        """Those that figures speak of: all but what was taken back."""
        return self.exclude(state=Escalation.State.TAKEN_BACK)


class Escalation(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        HANDED_BACK = "handed_back", _("Handed back")
        DONE = "done", _("Solved")
        TAKEN_BACK = "taken_back", _("Taken back")  # with the triage or the rule that had raised it: it counts for nothing

    OPEN: ClassVar[tuple[str, ...]] = (State.WAITING, State.ACKNOWLEDGED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="escalations")
    level = models.CharField(_("level"), max_length=40)
    reasons = models.JSONField(_("reasons"), default=list)
    by_name = models.CharField(_("raised by"), max_length=150, blank=True)  # empty: a rule of triage
    state = models.CharField(_("state"), max_length=14, choices=State.choices, default=State.WAITING)
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("looked after by"))
    before = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # whose ticket it was
    raised_at = models.DateTimeField(_("raised"), default=timezone.now)
    due_at = models.DateTimeField(_("acknowledge by"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    climbed = models.PositiveSmallIntegerField(default=0)  # how often nobody acknowledged it in time
    event_ref = models.BigIntegerField(null=True, blank=True, unique=True)  # by which it was raised: heard once

    objects = EscalationQuerySet.as_manager()

    class Meta:
        verbose_name = _("escalation")
        ordering = ("due_at", "raised_at")
        constraints = (
            models.UniqueConstraint(
                fields=("ticket",), condition=models.Q(state__in=("waiting", "acknowledged")), name="one_open_escalation"
            ),
        )
        indexes = (models.Index(fields=("due_at",), name="escalation_due", condition=models.Q(state="waiting")),)

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.level}"

    @property
    def level_name(self) -> str:
        return str(STANDARD[self.level][0]) if self.level in STANDARD else self.level.replace("_", " ").capitalize()

    @property
    def is_late(self) -> bool:
        return self.state == self.State.WAITING and self.due_at is not None and self.due_at < timezone.now()


def with_open(tickets: models.QuerySet[Ticket]) -> models.QuerySet[Ticket]:
    """Each with its open escalation, in the same query: what `open_of` reads."""
    up = Escalation.objects.open().filter(ticket=models.OuterRef("pk")).order_by()
    told = up.values(json=JSONObject(level="level", reasons="reasons", state="state"))
    return tickets.annotate(open_escalation=models.Subquery(told[:1]))


def open_of(ticket: Ticket) -> dict[str, Any] | None:
    """{"level", "reasons", "state"} of the ticket's open escalation; None where there is none."""
    if not hasattr(ticket, "open_escalation"):
        ticket = with_open(Ticket.objects.filter(pk=ticket.pk)).get()
    return ticket.open_escalation  # type: ignore[attr-defined,no-any-return]
