"""What people add to a call: notes and whispers, the script they follow, the wrap-up they write, and a team's rules for calls."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from tickets.models import Queue

from .call import CallSession
from .suggestion import Suggestion


class CallNote(models.Model):
    """A few words that stamp a moment of a call. A whisper is a supervisor's, for the agent alone; no customer sees either."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        SAID = "said", _("Said")  # the agent used a suggestion
        WHISPER = "whisper", _("Whisper")

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(CallSession, to_field="session_id", on_delete=models.CASCADE, related_name="stamps")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NOTE)
    at = models.FloatField()  # seconds since the call began
    text = models.TextField()
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    suggestion = models.ForeignKey(Suggestion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "call_notes"
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:.0f} s"


class CallPolicy(models.Model):
    """A team's rules for its calls. A team without a row asks for nothing."""

    queue = models.OneToOneField(Queue, on_delete=models.CASCADE, primary_key=True, related_name="+", verbose_name=_("queue"))
    needs_consent = models.BooleanField(
        _("assist waits for consent"),
        default=False,
        help_text=_("Nothing is suggested until the agent notes that the caller agrees to being recorded and read."),
    )

    class Meta:
        verbose_name = _("rules for calls")
        verbose_name_plural = _("rules for calls")

    def __str__(self) -> str:
        return str(self.queue)


class CallScriptQuerySet(models.QuerySet["CallScript"]):
    def for_queue(self, queue: Queue | None) -> Self:
        """Those of the queue first, then those for every queue."""
        mine = models.Q(queue__isnull=True) | (models.Q(queue=queue) if queue else models.Q(pk__in=()))
        return self.filter(mine, is_active=True).order_by(models.F("queue").asc(nulls_last=True), "id")


class CallScript(models.Model):
    """What an agent is to say in a call. Its steps tick themselves as they are spoken."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=120)
    queue = models.ForeignKey(
        Queue,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("queue"),
        help_text=_("Empty: every queue."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = CallScriptQuerySet.as_manager()

    class Meta:
        verbose_name = _("call script")

    def __str__(self) -> str:
        return self.name


class ScriptStep(models.Model):
    id = models.BigAutoField(primary_key=True)
    script = models.ForeignKey(CallScript, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.CharField(_("what to say"), max_length=300)
    phrases = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        verbose_name=_("also said as"),
        help_text=_("Other words for it, separated by commas. What means the same is recognised too."),
    )
    required = models.BooleanField(_("required"), default=False)

    class Meta:
        verbose_name = _("step")
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.text


class SaidStep(models.Model):
    """A step that was said in a call: heard in the agent's words, or ticked by hand (`by`)."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(CallSession, to_field="session_id", on_delete=models.CASCADE, related_name="+")
    step = models.ForeignKey(ScriptStep, on_delete=models.CASCADE, related_name="+")
    at = models.FloatField()  # seconds since the call began
    quote = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("session", "step"), name="step_said_once"),)

    def __str__(self) -> str:
        return f"{self.step_id} at {self.at:.0f} s"


class CallDesk(models.Model):
    """What the agent's page keeps of one call: consent, how far its script was read, and the wrap-up while it is written."""

    class Consent(models.TextChoices):
        NOT_ASKED = "", _("Not asked")
        AWAITED = "awaited", _("Waiting for consent")
        AGREED = "agreed", _("Recording agreed")
        REFUSED = "refused", _("Recording refused")

    WITHHELD: ClassVar[tuple[str, ...]] = (Consent.AWAITED, Consent.REFUSED)  # the assistant does not read

    session = models.OneToOneField(CallSession, to_field="session_id", on_delete=models.CASCADE, primary_key=True, related_name="desk")
    consent = models.CharField(max_length=8, choices=Consent.choices, blank=True, default=Consent.NOT_ASKED)
    script = models.ForeignKey(CallScript, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    script_read = models.BigIntegerField(default=0)  # id of the last segment in which steps were looked for
    confirmed = models.JSONField(default=list, blank=True)  # entities that the agent confirmed: "type:value"
    # The wrap-up, as typed so far. What is saved goes to the call itself.
    wrap_up = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=0)  # of the wrap-up: two people who write are told of each other
    edited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    edited_at = models.DateTimeField(null=True, blank=True)
    # What the agent ticked to be remembered of the customer: [{"text", "since", "confidence"}]; memory reads it from here.
    facts: Any = models.JSONField(default=list, blank=True)

    class Meta:
        db_table = "call_desks"

    def __str__(self) -> str:
        return str(self.session_id)
