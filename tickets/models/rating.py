"""What a customer thought of how their ticket was solved: one number of 1 to 5, and words if they want."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from helpdesk.core.models import User

from .queue import Queue
from .ticket import Ticket


class RatingQuerySet(models.QuerySet["Rating"]):
    def visible_to(self, viewer: Any) -> Self:
        """Those of the tickets that the viewer may see."""
        return self.filter(ticket__in=Ticket.objects.visible_to(viewer))


class Rating(models.Model):
    class Source(models.TextChoices):
        MAIL = "mail", _("E-mail")
        PAGE = "page", _("Request page")
        CHAT = "chat", _("Chat")
        API = "api", _("API")

    BEST: ClassVar[int] = 5
    GOOD: ClassVar[int] = 4  # and better: a satisfied customer
    LOW: ClassVar[int] = 2  # and worse: somebody has to call them

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="rating")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="ratings")
    # Who is rated, as it was then: a ticket that moves on later takes no rating along.
    queue = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, related_name="+")
    agent = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    score = models.PositiveSmallIntegerField(_("score"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    comment = models.TextField(_("comment"), blank=True)
    source = models.CharField(max_length=4, choices=Source.choices)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = RatingQuerySet.as_manager()

    class Meta:
        verbose_name = _("rating")
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=("-created_at", "id"), name="rating_newest"),
            models.Index(fields=("customer", "-created_at"), name="rating_by_customer"),
        )
        constraints = (models.CheckConstraint(condition=models.Q(score__gte=1, score__lte=5), name="rating_of_one_to_five"),)

    def __str__(self) -> str:
        return f"{self.score} of 5 for {self.ticket_id}"
