"""What the engine learns from people's work: labelled examples, the models made of them, and how its own guesses turned out."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from tickets.models import Ticket


class Learnt(models.TextChoices):
    """What is learned of a ticket."""

    CATEGORY = "category", _("Category")
    PRIORITY = "priority", _("Priority")
    QUEUE = "queue", _("Team")
    ASSIGNEE = "assignee", _("Assignee")


class LabelledExample(models.Model):
    """A ticket and what it is, as a person said. Its text is the ticket's: the vector of kind "ticket" stands for it."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(_("what"), max_length=10, choices=Learnt.choices)
    label = models.CharField(_("is"), max_length=64)  # a category's or queue's slug, a priority, an agent's id
    said = models.CharField(_("said"), max_length=200, blank=True)  # the label as people read it
    guessed = models.CharField(_("engine had said"), max_length=64, blank=True)
    text = models.TextField()  # what was read of the ticket: needed to fit again, and to show
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # None: settled by itself
    weight = models.FloatField(default=1.0)
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("labelled example")
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("ticket", "field"), name="example_once"),)
        indexes = (models.Index(fields=("field", "-created_at"), name="example_latest", condition=models.Q(undone_at__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.field} {self.label}"


class LearnedModel(models.Model):
    """A classifier fitted in the background. The newest one that fits the present engine is used, in every process within seconds."""

    field = models.CharField(max_length=10, choices=Learnt.choices)
    engine = models.CharField(max_length=60)  # whose vectors it reads
    examples = models.PositiveIntegerField(default=0)  # of the company's own, when it was fitted
    newest_example = models.DateTimeField(null=True, blank=True)
    parts = models.BinaryField()  # assist.learning.classifier.Taught, as numpy stores it
    calibration = models.JSONField(default=list)  # [[confidence, share right], ...], rising
    accuracy = models.FloatField(null=True, blank=True)  # on its own held-out folds, 0..1
    seconds = models.FloatField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("learned model")
        ordering = ("-id",)
        indexes = (models.Index(fields=("field", "-id"), name="learned_model_newest"),)

    def __str__(self) -> str:
        return f"{self.field} from {self.examples} examples"


class Prediction(models.Model):
    """The engine's first guess about a ticket, and what people left in its place."""

    class Band(models.TextChoices):
        ACT = "act", _("Done by itself")
        PROPOSE = "propose", _("Proposed")
        IGNORE = "ignore", _("Kept quiet")

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed by an agent")
        CORRECTED = "corrected", _("Corrected by an agent")
        UNTOUCHED = "untouched", _("Never touched")  # the ticket was solved with it: nobody said that it was right

    ESCALATION, ARTICLE = "escalation", "article"  # guessed about beside what is learned (`Learnt`)

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=10)  # an action of ActionPolicy
    label = models.CharField(max_length=64)
    confidence = models.FloatField(default=0)  # calibrated, 0..1
    band = models.CharField(max_length=8, choices=Band.choices)
    shadow = models.BooleanField(default=False)  # it would have acted, and did not
    actual = models.CharField(max_length=64, blank=True)  # "" until a person decided, or the ticket was solved
    correct = models.BooleanField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)  # "" until it is settled
    examples = models.PositiveIntegerField(default=0)  # how many the engine had learned from by then
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("prediction")
        constraints = (models.UniqueConstraint(fields=("ticket", "field"), name="prediction_once"),)
        indexes = (
            models.Index(fields=("field", "settled_at"), name="prediction_settled", condition=models.Q(settled_at__isnull=False)),
            models.Index(fields=("field", "actual", "label"), name="prediction_cell"),
        )

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.field} {self.label} ({self.confidence:.0%})"


class ActionPolicy(models.Model):
    """What the engine may do by itself about one thing, and from which confidence it speaks at all. No row: the defaults."""

    class Mode(models.TextChoices):
        ON = "on", _("Act and propose")
        PROPOSE = "propose", _("Propose only")
        SHADOW = "shadow", _("Shadow: predict and measure, show nothing")
        OFF = "off", _("Off")

    # (mode, act from, propose from): engine.md section 7, and what a wrong answer costs
    DEFAULTS: ClassVar[dict[str, tuple[str, float, float]]] = {
        "category": (Mode.ON, 0.55, 0.15),
        "queue": (Mode.ON, 0.7, 0.4),
        "priority": (Mode.ON, 0.5, 0.3),
        "assignee": (Mode.PROPOSE, 0.95, 0.5),
        "escalation": (Mode.ON, 0.0, 0.0),
        "article": (Mode.PROPOSE, 1.0, 0.0),
    }
    LABELS: ClassVar[dict[str, object]] = {
        "category": _("Set the category"),
        "queue": _("Move to the team"),
        "priority": _("Set the priority"),
        "assignee": _("Assign to an agent"),
        "escalation": _("Escalate by rule"),
        "article": _("Offer articles"),
    }

    action = models.CharField(_("what"), max_length=12, unique=True, choices=list(LABELS.items()))
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices, default=Mode.ON)
    act_from = models.FloatField(_("act from"), validators=[MinValueValidator(0), MaxValueValidator(1)])
    propose_from = models.FloatField(_("propose from"), validators=[MinValueValidator(0), MaxValueValidator(1)])
    by_measure = models.BooleanField(_("as measured"), default=True)  # the bars below hold, once there is enough to choose them by
    measured_act_from = models.FloatField(null=True, blank=True)  # above 1: it was never right often enough
    measured_propose_from = models.FloatField(null=True, blank=True)
    measured_of = models.PositiveIntegerField(default=0)  # settled guesses
    measured_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("what the engine may do")
        verbose_name_plural = _("what the engine may do")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.action

    def clean(self) -> None:
        if self.propose_from is not None and self.act_from is not None and self.propose_from > self.act_from:
            raise ValidationError({"propose_from": _("It cannot propose less than it does.")})


class ShadowSwitch(models.Model):
    """One row: whether everything is only predicted and measured, whatever the single policies say."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    on = models.BooleanField(_("shadow mode"), default=False)
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("shadow mode")
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_shadow_switch"),)

    def __str__(self) -> str:
        return "on" if self.on else "off"
