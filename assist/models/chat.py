"""Conversations with the assistant: the session, and what was said in it.

Chat and ticket are one object. While only the assistant speaks there are lines here alone; once a ticket stands behind the session,
every line is also a Message of that ticket (`ChatMessage.message`).
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from helpdesk.core.models import ApiKey, User
from tickets.models import Message, Queue, Ticket


class ChatSessionQuerySet(models.QuerySet["ChatSession"]):
    def visible_to(self, viewer: Any) -> Self:
        """Supervisors, admins and keys: all. Agents: those whose ticket they may see, and their own. Customers: their own."""
        if isinstance(viewer, User | ApiKey) and viewer.oversees:
            return self
        if isinstance(viewer, ApiKey):
            return self.filter(ticket__in=Ticket.objects.visible_to(viewer))
        if isinstance(viewer, User):
            return self.filter(models.Q(ticket__in=Ticket.objects.visible_to(viewer)) | models.Q(agent=viewer))
        return self.filter(customer=viewer) if isinstance(viewer, Customer) else self.none()

    def running(self) -> Self:
        return self.exclude(state=ChatSession.State.ENDED)

    def waiting(self) -> Self:
        """A person was asked for and has not come yet; who waits longest comes first."""
        return self.filter(state=ChatSession.State.WAITING).order_by("handed_over_at", "id")

    def with_people(self) -> Self:
        return self.select_related("customer__organisation", "ticket", "queue", "agent")


class ChatSession(models.Model):
    class State(models.TextChoices):
        ASSISTANT = "assistant", _("With the assistant")
        WAITING = "waiting", _("Waiting for a person")
        WITH_AGENT = "with_agent", _("With an agent")
        ENDED = "ended", _("Ended")

    class Identity(models.TextChoices):
        """What the visitor has shown of who they are; it decides which tools the assistant has for them."""

        ANONYMOUS = "anonymous", _("Anonymous")
        GIVEN = "given", _("E-mail given")
        VERIFIED = "verified", _("Verified")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="chats")
    session_id = models.CharField(max_length=100)  # the caller's own name for it
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASSISTANT)
    identity = models.CharField(_("identity"), max_length=9, choices=Identity.choices, default=Identity.ANONYMOUS)
    email = models.CharField(max_length=320, blank=True)  # given in the chat, proven by nobody
    ticket = models.ForeignKey(Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="chats")
    queue = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    agent = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    language = models.CharField(_("language"), max_length=12, blank=True)
    slots = models.JSONField(default=dict, blank=True)  # {"name", "pending": {"tool", "arguments", "needs", "confirm"}, "asked", "shown"}
    mood = models.JSONField(default=dict, blank=True)  # {"points": [{"polarity", "frustration"}], "frustrated": 2}
    failures = models.PositiveSmallIntegerField(default=0)  # questions in a row that the assistant could not answer
    summary = models.TextField(blank=True)
    handoff_reason = models.CharField(max_length=300, blank=True)
    metadata = models.JSONField(default=dict, blank=True)  # {"site", "page", ..}
    lines = models.PositiveIntegerField(default=0)  # how many were said: the number of the last one
    remembered = models.PositiveIntegerField(default=0)  # up to this one they are in the summary and in the customer's memory
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    last_message_at = models.DateTimeField(_("last message"), default=timezone.now)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    rating = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)])
    rating_comment = models.TextField(blank=True)
    rated_at = models.DateTimeField(null=True, blank=True)

    objects = ChatSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat")
        ordering = ("-last_message_at",)
        constraints = (models.UniqueConstraint(fields=("customer", "session_id"), name="chat_session_once"),)
        indexes = (
            models.Index(fields=("customer", "-last_message_at"), name="chat_by_customer"),
            models.Index(fields=("handed_over_at", "id"), name="chat_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=("last_message_at",), name="chat_unremembered", condition=models.Q(remembered__lt=models.F("lines"))),
        )

    def __str__(self) -> str:
        return f"chat {self.session_id} ({self.state})"

    @property
    def group(self) -> str:
        """The realtime group of everybody who looks at this chat."""
        return f"chat.{self.pk}"

    @property
    def with_assistant(self) -> bool:
        """Does the assistant answer? It keeps quiet while a person is asked for or speaks."""
        return self.state == self.State.ASSISTANT


class ChatMessageQuerySet(models.QuerySet["ChatMessage"]):
    def visible_to(self, viewer: Any) -> Self:
        return self.filter(session__in=ChatSession.objects.visible_to(viewer))

    def in_order(self) -> Self:
        return self.order_by("n")


class ChatMessage(models.Model):
    class Role(models.TextChoices):
        USER = "user", _("Visitor")
        ASSISTANT = "assistant", _("Assistant")
        AGENT = "agent", _("Agent")

    SPOKEN: ClassVar[tuple[str, ...]] = (Role.ASSISTANT, Role.AGENT)  # by us

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="messages")
    n = models.PositiveIntegerField()  # 1, 2, 3 …: whoever comes back names the last one they saw
    role = models.CharField(max_length=9, choices=Role.choices)
    content = models.TextField()
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # the agent who spoke
    client_id = models.CharField(max_length=100, blank=True)  # the caller's name for a line, so that one sent twice is one
    answers = models.OneToOneField("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="answer")
    sources = models.JSONField(default=list, blank=True)  # [{"id", "title", "url", "score"}]
    metadata = models.JSONField(default=dict, blank=True)  # {"intent", "sentiment", "escalated", "ticket_created", "engine", "ms", ..}
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # the same line in the ticket
    rating = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)])
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ChatMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat message")
        ordering = ("session", "n")
        constraints = (
            models.UniqueConstraint(fields=("session", "n"), name="chat_line_once"),
            models.UniqueConstraint(fields=("session", "client_id"), condition=~models.Q(client_id=""), name="chat_client_line_once"),
        )

    def __str__(self) -> str:
        return f"{self.role}: {self.content[:60]}"
