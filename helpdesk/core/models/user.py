"""People who work here: agents, leads, supervisors, admins. Customers are not users."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an agent. Without a password nobody can sign in until one is set (invitation, reset)."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, role=User.Role.ADMIN, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    class Role(models.TextChoices):
        AGENT = "agent", _("Agent")
        LEAD = "lead", _("Lead")
        SUPERVISOR = "supervisor", _("Supervisor")
        ADMIN = "admin", _("Admin")

    class Theme(models.TextChoices):
        AUTO = "auto", _("Like the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Availability(models.TextChoices):
        AVAILABLE = "available", _("Available")
        BUSY = "busy", _("Busy")
        AWAY = "away", _("Away")
        OFFLINE = "offline", _("Offline")

    actor_kind = "agent"  # what an event's actor is called: core.events

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.AGENT)
    external_id = models.CharField(_("external id"), max_length=150, null=True, blank=True, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=12, default="en")
    theme = models.CharField(_("theme"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    single_key_shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    availability = models.CharField(_("availability"), max_length=10, choices=Availability.choices, default=Availability.AVAILABLE)
    signature = models.TextField(_("signature"), blank=True)
    is_auto_away = models.BooleanField(default=False, editable=False)  # not said by themselves: they are back once seen
    skills = models.JSONField(_("skills"), default=list, blank=True)
    languages = models.JSONField(_("languages"), default=list, blank=True)  # codes, beside the one of the screen
    capacity = models.PositiveSmallIntegerField(_("open tickets at once"), default=10)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("user")
        ordering = ("name",)
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_ci"),)

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """May open the back office (`/admin/`)."""
        return self.is_active and (self.is_superuser or self.oversees)

    @property
    def oversees(self) -> bool:
        """Supervisors and admins see every queue; agents and leads see their own."""
        return self.is_superuser or self.role in (self.Role.SUPERVISOR, self.Role.ADMIN)

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]

    def get_full_name(self) -> str:
        return self.name
