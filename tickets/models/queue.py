"""Queues (on screens: teams), who works in them, and the signed webhooks that feed them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Self

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import ApiKey, User
from knowledge.models import Category


class QueueQuerySet(models.QuerySet["Queue"]):
    def visible_to(self, viewer: Any) -> Self:
        """Supervisors, admins and keys: all. Agents and leads: those they are in, and those that are open to everybody. A key that
        is limited to some: those.

        Whatever shows a ticket or a call asks here: a queue that is closed to somebody does not exist for them, on any page.
        """
        if isinstance(viewer, User | ApiKey) and viewer.oversees:
            return self
        if isinstance(viewer, ApiKey):
            return self.filter(pk__in=viewer.queues)
        if not isinstance(viewer, User):
            return self.none()
        mine = QueueMembership.objects.filter(user=viewer).values("queue")
        return self.filter(models.Q(pk__in=mine) | ~models.Q(access=Queue.Access.MEMBERS))

    def read_along_by(self, viewer: User) -> Self:
        """Those that somebody sees, but whose tickets they may neither answer nor change."""
        if viewer.oversees:
            return self.none()
        reading = QueueMembership.objects.filter(user=viewer, right=QueueMembership.Right.SEE).values("queue")
        mine = QueueMembership.objects.filter(user=viewer).values("queue")
        return self.filter(models.Q(pk__in=reading) | (models.Q(access=Queue.Access.READ) & ~models.Q(pk__in=mine)))

    def managed_by(self, viewer: User) -> Self:
        """Those whose settings somebody may change."""
        if viewer.oversees:
            return self
        return self.filter(memberships__user=viewer, memberships__right=QueueMembership.Right.MANAGE)

    def default(self) -> Queue:
        """Where a ticket goes that nothing else places. Made on first need, so that no door is ever shut."""
        queue = self.filter(is_default=True).first()
        return queue or self.get_or_create(slug="support", defaults={"name": "Support", "is_default": True})[0]


class Queue(models.Model):
    class Routing(models.TextChoices):
        MANUAL = "manual", _("By hand")
        ROUND_ROBIN = "round_robin", _("In turn")
        LEAST_LOADED = "least_loaded", _("To whom has least to do")

    class Access(models.TextChoices):
        MEMBERS = "members", _("Its members alone")
        READ = "read", _("Its members; every colleague may read along")
        ALL = "all", _("Every colleague")

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
    access = models.CharField(_("who sees its tickets"), max_length=8, choices=Access.choices, default=Access.MEMBERS)
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


class QueueMembershipQuerySet(models.QuerySet["QueueMembership"]):
    def taking(self) -> Self:
        """Those who are given tickets. Who only reads along is given none."""
        return self.filter(takes_work=True).exclude(right=QueueMembership.Right.SEE)

    def place(self, user: User, rights: Mapping[uuid.UUID, str]) -> None:
        """Make `user` a member of these queues, each with its right, and of no others. What else a membership says stays."""
        with transaction.atomic():
            self.filter(user=user).exclude(queue__in=rights).delete()
            for queue, right in rights.items():
                self.update_or_create(user=user, queue_id=queue, defaults={"right": right})


class QueueMembership(models.Model):
    class Right(models.TextChoices):
        SEE = "see", _("Reads along, and leaves notes")
        ANSWER = "answer", _("Answers")
        MANAGE = "manage", _("Answers, and manages the team")

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    right = models.CharField(_("may do"), max_length=6, choices=Right.choices, default=Right.ANSWER)
    takes_work = models.BooleanField(_("is given tickets"), default=True)
    last_given_at = models.DateTimeField(null=True, blank=True, editable=False)  # whose turn it is

    objects = QueueMembershipQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("queue", "user"), name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.queue_id}"

    @property
    def right_in_short(self) -> str:
        """What a list says beside the team; "" for who simply answers."""
        short = {self.Right.SEE: _("reads along"), self.Right.MANAGE: _("manages")}
        return str(short.get(self.Right(self.right), ""))


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
