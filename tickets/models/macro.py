"""Macros: a text with variables and what is to be done to the ticket, kept by one agent or shared with colleagues."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import ApiKey, User
from knowledge.models import Category

from .queue import Queue
from .ticket import Ticket

LONGEST = 20_000  # characters of a text
MOST_TAGS = 10


class MacroQuerySet(models.QuerySet["Macro"]):
    def visible_to(self, viewer: Any) -> Self:
        """Agents: their own, those shared with everybody and with their teams. Supervisors and keys: every shared one as well."""
        shared = models.Q(owner=None)
        if not isinstance(viewer, User | ApiKey):
            return self.none()
        if not viewer.oversees:
            shared &= models.Q(queue=None) | models.Q(queue__in=Queue.objects.visible_to(viewer).values("pk"))
        return self.filter(shared if isinstance(viewer, ApiKey) else models.Q(owner=viewer) | shared)


class Macro(models.Model):
    class Assign(models.TextChoices):
        KEEP = "", _("Leave it")
        ME = "me", _("To whoever uses it")
        NOBODY = "nobody", _("To nobody")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"), blank=True, max_length=LONGEST)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # None: shared
    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # shared with this team only
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    language = models.CharField(_("language"), max_length=12, blank=True)  # "": any
    set_status = models.CharField(max_length=10, choices=Ticket.Status.choices, blank=True)
    set_priority = models.CharField(max_length=10, choices=Ticket.Priority.choices, blank=True)
    assign = models.CharField(max_length=10, choices=Assign.choices, blank=True)
    move_to = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    used = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = MacroQuerySet.as_manager()

    class Meta:
        verbose_name = _("macro")
        ordering = ("title", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(owner=None) | models.Q(queue=None), name="macro_of_one_or_of_a_team"),
            models.UniqueConstraint(fields=("owner", "queue", "title"), nulls_distinct=False, name="macro_title_once"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("macro", args=[self.pk])

    @property
    def acts(self) -> bool:
        """Whether it changes the ticket."""
        return bool(self.set_status or self.set_priority or self.assign or self.move_to_id or self.tags)

    def may_be_changed_by(self, person: Any) -> bool:
        """One's own; shared ones by supervisors, and by the leads and managers of their team, and by keys of it."""
        if isinstance(person, ApiKey):
            return self.owner_id is None and (person.oversees or self.queue_id in person.queues)
        if self.owner_id is not None:
            return self.owner_id == person.pk
        if person.oversees or self.queue_id is None:
            return bool(person.oversees)
        return person.role == User.Role.LEAD or Queue.objects.managed_by(person).filter(pk=self.queue_id).exists()


class MacroUse(models.Model):
    """One use: what ranking counts. It holds no words."""

    macro = models.ForeignKey(Macro, on_delete=models.CASCADE, related_name="uses")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("category", "macro"), name="macro_use_by_category"),)

    def __str__(self) -> str:
        return f"{self.macro_id} in {self.ticket_id}"
