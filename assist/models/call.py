"""Live calls: the session, what was said in it, and what the assistant made of it.

Table and column names of `call_sessions`, `transcription_segments` and `agent_actions` are the contract's (section 1): reports
query them. Where a table has a column `session_id`, it holds the session's UUID.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from helpdesk.core.models import ApiKey, User
from tickets.models import Queue, Ticket

BOARD = "calls.board"  # the realtime group of supervisors' boards


class CallSessionQuerySet(models.QuerySet["CallSession"]):
    def visible_to(self, viewer: Any) -> Self:
        """Supervisors, admins and keys: all. Agents: their own calls and those of the queues they may see. Nobody else any."""
        if isinstance(viewer, User | ApiKey) and viewer.oversees:
            return self
        if isinstance(viewer, ApiKey):
            return self.filter(queue__in=viewer.queues)
        if isinstance(viewer, User):
            mine = Queue.objects.visible_to(viewer).values("pk")
            return self.filter(models.Q(agent=viewer) | models.Q(queue__in=mine))
        return self.none()

    def running(self) -> Self:
        """Ringing or being spoken in."""
        return self.filter(status__in=CallSession.RUNNING)

    def with_people(self) -> Self:
        """Everything that a row or a page shows, in one query."""
        return self.select_related("agent", "customer__organisation", "queue", "ticket")


class CallSession(models.Model):
    class Status(models.TextChoices):
        RINGING = "ringing", _("Ringing")
        ACTIVE = "active", _("In progress")
        COMPLETED = "completed", _("Completed")
        ABANDONED = "abandoned", _("Abandoned")
        TRANSFERRED = "transferred", _("Transferred")

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("Incoming")
        OUTBOUND = "outbound", _("Outgoing")

    class Disposition(models.TextChoices):
        RESOLVED = "resolved", _("Solved")
        FOLLOW_UP = "follow_up", _("We follow up")
        CALL_BACK = "call_back", _("Call back agreed")
        ESCALATED = "escalated", _("Escalated")
        NO_ACTION = "no_action", _("Nothing to do")

    RUNNING: ClassVar[tuple[str, ...]] = (Status.RINGING, Status.ACTIVE)

    id = models.BigAutoField(primary_key=True)
    session_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    call_id = models.CharField(_("call id"), max_length=255)  # the telephony system's
    provider = models.CharField(_("provider"), max_length=20, default="generic")
    agent = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    queue = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # A ticket is its number wherever others read it, so the column holds the number.
    ticket = models.ForeignKey(Ticket, to_field="number", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.ACTIVE)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices, default=Direction.INBOUND)
    phone = models.CharField(_("phone"), max_length=40, blank=True)  # the customer's number, E.164 where it can be understood
    acd_metadata = models.JSONField(default=dict, blank=True)
    crm_metadata = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)  # when it rang, or else began
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # What the telephony system says of the line.
    held_since = models.DateTimeField(null=True, blank=True)  # the caller waits; None: nobody does
    held_seconds = models.PositiveIntegerField(default=0, db_default=0)  # waited before that
    agent_muted = models.BooleanField(default=False, db_default=False)
    line_at = models.DateTimeField(null=True, blank=True)  # when what we know of the line was so, by the telephony system's clock
    # What the assistant has made of it so far.
    context = models.JSONField(default=dict, blank=True)  # the context analyzer's last word (contract section 1)
    entities = models.JSONField(default=list, blank=True)  # [{"type", "value"}]
    mood = models.JSONField(default=dict, blank=True)  # {"sentiment", "polarity", "frustration", "trend", "points": [..]}
    heard = models.PositiveIntegerField(default=0)  # segments kept so far: tells a late analysis from a newer one
    analysed = models.PositiveIntegerField(default=0)  # how many of them the last analysis knew
    analysed_at = models.DateTimeField(null=True, blank=True)
    analysis_due_at = models.DateTimeField(null=True, blank=True)  # something was heard that no analysis knows yet
    suggestions_count = models.PositiveSmallIntegerField(default=0)  # on offer now
    questions_count = models.PositiveSmallIntegerField(default=0)
    updates = models.PositiveIntegerField(default=0)  # number of the last CallUpdate
    # Wrap-up.
    summary = models.TextField(_("summary"), blank=True)
    action_items = models.JSONField(_("action items"), default=list, blank=True)  # ["Send the invoice again", ...]
    disposition = models.CharField(_("disposition"), max_length=12, choices=Disposition.choices, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    edited_by_people = models.JSONField(default=list, blank=True)  # fields that a person wrote: a refresh leaves them alone
    filed_at = models.DateTimeField(null=True, blank=True)  # summed up, and in a ticket
    wrapped_up_at = models.DateTimeField(null=True, blank=True)

    objects = CallSessionQuerySet.as_manager()

    class Meta:
        db_table = "call_sessions"
        verbose_name = _("call")
        ordering = ("-started_at",)
        constraints = (
            # the same call announced twice is one running session
            models.UniqueConstraint(
                fields=("provider", "call_id"), condition=models.Q(status__in=("ringing", "active")), name="one_running_call"
            ),
        )
        indexes = (
            models.Index(fields=("provider", "call_id", "-started_at"), name="call_by_provider"),
            models.Index(fields=("agent", "-started_at"), name="call_by_agent"),
            models.Index(fields=("customer", "-started_at"), name="call_by_customer"),
            models.Index(fields=("-started_at", "id"), name="call_newest"),
            models.Index(fields=("analysis_due_at",), name="call_to_analyse", condition=models.Q(analysis_due_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.call_id}"

    @property
    def is_running(self) -> bool:
        return self.status in self.RUNNING

    @property
    def group(self) -> str:
        """The realtime group of those who watch this call."""
        return f"call.{self.session_id}"

    @property
    def audience(self) -> tuple[str, ...]:
        """Who hears that the call itself rang, began or ended: the agent's console and the board."""
        return (BOARD, *([f"agent.{self.agent_id}"] if self.agent_id else []))

    @property
    def waited_seconds(self) -> int:
        """How long the caller was held in all, this time included."""
        return self.held_seconds + self.held_for

    @property
    def held_for(self) -> int:
        """Seconds that the caller has waited by now, this time."""
        return max(0, int((timezone.now() - self.held_since).total_seconds())) if self.held_since else 0

    @property
    def duration_seconds(self) -> int:
        began = self.answered_at or self.started_at
        return max(0, int(((self.ended_at or timezone.now()) - began).total_seconds()))


class SegmentQuerySet(models.QuerySet["TranscriptionSegment"]):
    def in_order(self) -> Self:
        """As it was spoken, whatever the order in which it arrived."""
        return self.order_by("start_time", "sequence", "end_time", "speaker", "id")


class TranscriptionSegment(models.Model):
    class Speaker(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        AGENT = "agent", _("Agent")
        SYSTEM = "system", _("System")

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(CallSession, to_field="session_id", on_delete=models.CASCADE, related_name="segments")
    speaker = models.CharField(max_length=8, choices=Speaker.choices)
    text = models.TextField()
    start_time = models.FloatField()  # seconds since the call began
    end_time = models.FloatField()
    confidence = models.FloatField(null=True, blank=True)  # 0..1, the recogniser's
    external_id = models.CharField(max_length=255, blank=True)
    sequence = models.BigIntegerField(null=True, blank=True)
    text_hash = models.CharField(max_length=32, editable=False)
    cut = models.BooleanField(default=False)  # longer than we keep
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    objects = SegmentQuerySet.as_manager()

    class Meta:
        db_table = "transcription_segments"
        constraints = (
            models.UniqueConstraint(fields=("session", "speaker", "start_time", "text_hash"), name="segment_once"),
            models.UniqueConstraint(fields=("session", "external_id"), condition=~models.Q(external_id=""), name="segment_external_once"),
            models.UniqueConstraint(
                fields=("session", "speaker", "sequence"), condition=models.Q(sequence__isnull=False), name="segment_sequence_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.speaker}: {self.text[:60]}"


class AgentAction(models.Model):
    """One run of one assist agent: what it returned, how long it took, how sure it was."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(CallSession, to_field="session_id", on_delete=models.CASCADE, related_name="+")
    segment = models.ForeignKey(TranscriptionSegment, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    agent_name = models.CharField(max_length=40)  # context_analyzer | query_formulation | retrieval | clarification | summary
    action_type = models.CharField(max_length=40)
    processing_time_ms = models.FloatField()
    confidence = models.FloatField(null=True, blank=True)
    engine = models.CharField(max_length=20, default="local")
    output = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    timestamp = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta:
        db_table = "agent_actions"
        indexes = (models.Index(fields=("timestamp",), name="agent_action_recent"),)

    def __str__(self) -> str:
        return f"{self.agent_name} {self.processing_time_ms:.1f} ms"


class ClarifyingQuestion(models.Model):
    """A question that the agent may ask, until the transcript answers it."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(CallSession, to_field="session_id", on_delete=models.CASCADE, related_name="questions")
    text = models.CharField(max_length=500)
    purpose = models.CharField(max_length=40)
    priority = models.PositiveSmallIntegerField(default=1)  # 1 is asked first
    retired_at = models.DateTimeField(null=True, blank=True)  # answered, or no longer of use
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta:
        ordering = ("priority", "id")
        constraints = (models.UniqueConstraint(fields=("session", "purpose"), name="question_once"),)

    def __str__(self) -> str:
        return self.text


class CallUpdate(models.Model):
    """One frame to everyone who watches a call, numbered without gaps within it.

    What travels through Redis is only the quick copy: whoever misses a number reads it here.
    """

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(CallSession, to_field="session_id", on_delete=models.CASCADE, related_name="+")
    n = models.PositiveIntegerField()
    payload = models.JSONField()  # the contract's WebSocket object, with its `type`
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "call_updates"
        constraints = (models.UniqueConstraint(fields=("session", "n"), name="call_update_once"),)

    def __str__(self) -> str:
        return f"{self.session_id} {self.n}"
