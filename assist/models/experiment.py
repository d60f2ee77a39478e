"""Two ways of doing one thing, tried side by side: the experiment, its arms, and who got which."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import ApiKey, User


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def visible_to(self, viewer: Any) -> Self:
        """Supervisors, admins and keys: they are the company's."""
        return self if isinstance(viewer, User | ApiKey) and viewer.oversees else self.none()

    def running(self) -> Self:
        return self.filter(state=Experiment.State.RUNNING)


class Experiment(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        DECIDED = "decided", _("Decided")

    class Feature(models.TextChoices):
        """What may be tried. The value is the task in the ledger and the name of the prompt."""

        REPLY = "reply", _("Reply drafts")
        CHAT = "chat", _("Answers in chat")
        SUMMARY = "ticket-summary", _("Summaries of tickets")

    class Unit(models.TextChoices):
        TICKET = "ticket", _("Ticket")
        CHAT = "chat", _("Conversation")
        CUSTOMER = "customer", _("Customer")

    class Metric(models.TextChoices):
        ACCEPTANCE = "acceptance", _("Drafts accepted")
        EDIT = "edit", _("Edit distance of what was sent")
        ANSWERED = "answered", _("Chats answered without a person")
        HANDED_OVER = "handed_over", _("Chats handed over")
        SATISFACTION = "satisfaction", _("Satisfaction")
        RESOLUTION = "resolution", _("Hours until solved")

    LEAST_MINIMUM: ClassVar[int] = 30  # below, the normal approximation that every interval here leans on does not hold

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    feature = models.CharField(_("feature"), max_length=20, choices=Feature.choices, default=Feature.REPLY)
    unit = models.CharField(_("split by"), max_length=10, choices=Unit.choices, default=Unit.TICKET)
    metric = models.CharField(_("metric"), max_length=14, choices=Metric.choices, default=Metric.ACCEPTANCE)
    minimum = models.PositiveIntegerField(
        _("least number in each arm"), default=100, validators=[MinValueValidator(LEAST_MINIMUM), MaxValueValidator(1_000_000)]
    )
    guards: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)  # {"ungrounded": 0.2}: above it, an arm is stopped
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_why = models.CharField(max_length=300, blank=True)  # a guard's words; empty: a person stopped it
    decided_at = models.DateTimeField(null=True, blank=True)
    winner = models.ForeignKey("assist.ExperimentArm", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    before: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)  # what was in use until it was decided

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        verbose_name = _("experiment")
        ordering = ("-created_at", "id")
        constraints = (
            # two at once on one thing would each be a part of the other's noise
            models.UniqueConstraint(fields=("feature",), condition=models.Q(state="running"), name="one_experiment_a_feature"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING


class ExperimentArm(models.Model):
    """One way. The first is the control: what the others are held against, and where the units of a stopped arm go."""

    class Engine(models.TextChoices):
        MODEL = "model", _("Language model")
        LOCAL = "local", _("Local engine")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(_("name"), max_length=60)
    engine = models.CharField(_("engine"), max_length=8, choices=Engine.choices, default=Engine.MODEL)
    model = models.CharField(_("model"), max_length=100, blank=True)  # written in at the start where it was left open
    prompt_number = models.PositiveIntegerField(_("prompt version"), null=True, blank=True)  # the same
    weight = models.PositiveSmallIntegerField(_("share"), default=50, validators=[MinValueValidator(1), MaxValueValidator(1000)])
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("experiment", "position")
        constraints = (models.UniqueConstraint(fields=("experiment", "position"), name="arm_place_once"),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_control(self) -> bool:
        return self.position == 0

    @property
    def is_local(self) -> bool:
        return self.engine == self.Engine.LOCAL


class ExperimentAssignment(models.Model):
    """A unit's arm, for good: a later change of shares moves nobody. It names a ticket, a chat or a customer by id alone."""

    id = models.BigAutoField(primary_key=True)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="assignments")
    arm = models.ForeignKey(ExperimentArm, on_delete=models.CASCADE, related_name="assignments")
    unit = models.UUIDField()
    answers = models.PositiveIntegerField(default=0)  # of a model, for this unit
    ungrounded = models.PositiveIntegerField(default=0)  # of these: nothing in them could stand
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("experiment", "unit"), name="assigned_once"),)
        indexes = (models.Index(fields=("arm",), name="assigned_to_arm"),)

    def __str__(self) -> str:
        return f"{self.unit} → {self.arm_id}"
