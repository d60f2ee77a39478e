"""What a colleague is told, how they want to be told, and what is posted to chat systems."""

from __future__ import annotations

import uuid
from datetime import time
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from helpdesk.core.sealed import SealedJSONField

from .queue import Queue


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, viewer: object) -> Self:
        """One's own."""
        return self.filter(user=viewer) if isinstance(viewer, User) else self.none()

    def shown(self) -> Self:
        return self.filter(in_app=True)

    def unread(self) -> Self:
        return self.filter(in_app=True, read_at__isnull=True)


class Notice(models.Model):
    """One person is told of one thing, once. It holds no word of a customer: the page reads those from the ticket."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", _("Assigned to me")
        REPLIED = "replied", _("The customer wrote in my ticket")
        MENTIONED = "mentioned", _("Mentioned in a note")
        SLA = "sla", _("A target of my ticket is nearly missed, or missed")
        ESCALATED = "escalated", _("Escalated in my teams")
        NEW = "new", _("New in my teams")
        RATED = "rated", _("A low rating")
        READY = "ready", _("An import or export is ready")
        RULE = "rule", _("A rule tells me")

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.CharField(max_length=80)  # of what: event:4711, rule:<firing>
    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    message_ref = models.UUIDField(null=True, blank=True)  # where in the ticket
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    text = models.CharField(max_length=300, blank=True)  # of a rule, with its variables unfilled
    link = models.CharField(max_length=200, blank=True)  # where there is no ticket
    in_app = models.BooleanField(default=True)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        ordering = ("-at", "-id")
        constraints = (models.UniqueConstraint(fields=("user", "source"), name="notice_once"),)
        indexes = (
            models.Index(fields=("user", "-at", "-id"), name="notice_list"),
            models.Index(fields=("user",), name="notice_unread", condition=models.Q(read_at__isnull=True, in_app=True)),
            models.Index(
                fields=("mail_due_at",), name="notice_to_mail", condition=models.Q(mail_due_at__isnull=False, mailed_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class NoticeSettings(models.Model):
    """When a person is mailed: at once, hourly or daily, and never between `quiet_from` and `quiet_until` of their own clock."""

    class Digest(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        HOURLY = "hourly", _("Every hour")
        DAILY = "daily", _("Once a day")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_settings")
    digest = models.CharField(_("mail"), max_length=8, choices=Digest.choices, default=Digest.AT_ONCE)
    daily_at = models.TimeField(_("daily at"), default=time(8))
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    # {kind: ["app", "mail", "chat"]}; a kind that is not here follows the default
    ways = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"notices of {self.user_id}"


class ChatHook(models.Model):
    """An incoming webhook of Slack, or of what speaks like it, for one person or one team. Its address is a secret, and sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="chat_hook")
    queue = models.OneToOneField(Queue, on_delete=models.CASCADE, null=True, blank=True, related_name="chat_hook")
    address = SealedJSONField(default=dict, blank=True)  # {"url": ...}
    kinds = ArrayField(models.CharField(max_length=10), default=list, blank=True)  # of a team; a person's choices stand in their settings
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("chat webhook")
        constraints = (
            models.CheckConstraint(condition=models.Q(user__isnull=True) ^ models.Q(queue__isnull=True), name="chat_hook_of_one"),
        )

    def __str__(self) -> str:
        return f"chat of {self.queue_id or self.user_id}"


class ChatPost(models.Model):
    """One thing to be posted, once; tried again while the other side is away."""

    MOST_ATTEMPTS: ClassVar[int] = 6

    hook = models.ForeignKey(ChatHook, on_delete=models.CASCADE, related_name="posts")
    kind = models.CharField(max_length=10)
    source = models.CharField(max_length=80)
    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    text = models.CharField(max_length=300, blank=True)
    link = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("hook", "source"), name="chat_post_once"),)
        indexes = (
            models.Index(fields=("due_at",), name="chat_post_due", condition=models.Q(sent_at__isnull=True, failed_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {self.hook_id}"
