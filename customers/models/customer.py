"""Customers, the organisations they work for, and the addresses by which we know them."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import ApiKey, User


class Organisation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True, verbose_name=_("e-mail domains"))
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    external_id = models.CharField(_("external id"), max_length=150, null=True, blank=True, unique=True)
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("organisation")
        ordering = ("name",)
        indexes = (GinIndex(fields=("domains",), name="organisation_domains"),)

    def __str__(self) -> str:
        return self.name


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, viewer: User | ApiKey | Customer | None) -> Self:
        """Agents and keys may look up every customer; a customer only themselves; nobody else anybody. Merged records are nobody."""
        if isinstance(viewer, User | ApiKey):
            return self.filter(merged_into=None)
        if isinstance(viewer, Customer):
            return self.filter(pk=viewer.pk)
        return self.none()


class Customer(models.Model):
    class TechnicalLevel(models.TextChoices):
        BEGINNER = "beginner", _("Beginner")
        INTERMEDIATE = "intermediate", _("Intermediate")
        ADVANCED = "advanced", _("Advanced")

    TIERS: ClassVar[tuple[str, ...]] = ("free", "standard", "professional", "premium", "enterprise")  # others are kept as given

    actor_kind = "customer"  # what an event's actor is called: core.events

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="customers")
    title = models.CharField(_("job title"), max_length=150, blank=True)
    tier = models.CharField(_("tier"), max_length=40, default="standard")
    technical_level = models.CharField(_("technical level"), max_length=12, choices=TechnicalLevel.choices, blank=True)
    satisfaction_score = models.FloatField(
        _("satisfaction"), null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(5)]
    )
    language = models.CharField(_("language"), max_length=12, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    external_id = models.CharField(_("external id"), max_length=150, null=True, blank=True, unique=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    # The person whom this record turned out to be. It stays, unseen, so that its ids still lead to them: customers.merging.
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.display_name

    @property
    def email(self) -> str:
        """The address we write to: the primary one, else the first we learned."""
        return self._contact(ContactPoint.Kind.EMAIL)

    @property
    def phone(self) -> str:
        return self._contact(ContactPoint.Kind.PHONE)

    @property
    def display_name(self) -> str:
        return self.name or self.email or self.phone or str(_("Unknown customer"))

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0] if self.name else ""

    def _contact(self, kind: str) -> str:
        points = [point for point in self.contact_points.all() if point.kind == kind]  # .all(): uses a prefetch
        return min(points, key=lambda point: (not point.primary, point.created_at)).value if points else ""


class ContactPoint(models.Model):
    """One e-mail address (lower case) or phone number (E.164) of one customer."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    value = models.CharField(max_length=320)
    verified = models.BooleanField(default=False)
    primary = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("kind", "value"), name="contact_point_once"),
            models.CheckConstraint(condition=~models.Q(value=""), name="contact_point_value_set"),
        )

    def __str__(self) -> str:
        return self.value
