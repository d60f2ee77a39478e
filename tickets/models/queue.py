"""Queues (on screens: teams), who works in them, and the signed webhooks that feed them."""

from __future__ import annotations

import secrets
import uuid
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import ApiKey, User
from knowledge.models import Category


class QueueQuerySet(models.QuerySet["Queue"]):
    def visible_to(self, viewer: Any) -> Self:
        if isinstance(viewer, ApiKey) or (isinstance(viewer, User) and viewer.oversees):
            return self
        return self.filter(memberships__user=viewer) if isinstance(viewer, User) else self.none()

    def default(self) -> Queue:
        """Where a ticket goes that nothing else places. Made on first need, so that no door is ever shut."""
        queue = self.filter(is_default=True).first()
        return queue or self.get_or_create(slug="support", defaults={"name": "Support", "is_default": True})[0]


class Queue(models.Model):
    class Routing(models.TextChoices):
        MANUAL = "manual", _("By hand")
        ROUND_ROBIN = "round_robin", _("In turn")
        LEAST_LOADED = "least_loaded", _("To whom has least to do")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    email_address = models.EmailField(_("e-mail address"), blank=True)
    sender_name = models.CharField(_("sender name"), max_length=120, blank=True)
    signature = models.TextField(_("signature"), blank=True)
    icon = models.CharField(max_length=40, default="life-buoy")
    categories = models.ManyToManyField(Category, blank=True, related_name="+", verbose_name=_("categories"))
    members = models.ManyToManyField(User, through="QueueMembership", related_name="queues")
    is_default = models.BooleanField(_("default queue"), default=False)
    position = models.PositiveSmallIntegerField(default=0)
    routing = models.CharField(_("tickets are given out"), max_length=12, choices=Routing.choices, default=Routing.MANUAL)
    skills = models.JSONField(_("only to those who can"), default=list, blank=True)  # all of these words
    matches_language = models.BooleanField(_("speakers of the customer's language first"), default=True)

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        ordering = ("position", "name")
        constraints = (
            models.UniqueConstraint(fields=("is_default",), condition=models.Q(is_default=True), name="one_default_queue"),
            models.UniqueConstraint(fields=("email_address",), condition=~models.Q(email_address=""), name="queue_address_once"),
        )

    def __str__(self) -> str:
        return self.name


class QueueMembership(models.Model):
    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    takes_work = models.BooleanField(_("is given tickets"), default=True)
    last_given_at = models.DateTimeField(null=True, blank=True, editable=False)  # whose turn it is

    class Meta:
        constraints = (models.UniqueConstraint(fields=("queue", "user"), name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.queue_id}"


def new_secret() -> str:
    return secrets.token_urlsafe(32)


class InboundHook(models.Model):
    """A partner system that posts messages to us, signed with HMAC-SHA256 over timestamp and body."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    secret = models.CharField(max_length=120, default=new_secret)
    queue = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("inbound webhook")

    def __str__(self) -> str:
        return self.name
