"""The audit: who changed, took out or looked at what, each entry sealed to the one before it. Rows are only ever added."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One deed. It holds no customer's words: a customer is an id, which leads nowhere once they are erased."""

    class Act(models.TextChoices):
        CREATED = "created", _("made")
        CHANGED = "changed", _("changed")
        REMOVED = "removed", _("removed")
        SIGNED_IN = "signed_in", _("signed in")
        SIGNED_OUT = "signed_out", _("signed out")
        LOCKED_OUT = "locked_out", _("locked out")
        EXPORTED = "exported", _("took out")
        IMPORTED = "imported", _("brought in")
        ERASED = "erased", _("erased")
        READ = "read", _("read")
        LINKED = "linked", _("made a link of")

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("when"), db_default=Now())
    actor_kind = models.CharField(max_length=12)  # agent | api | customer | system | database
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(_("who"), max_length=150, blank=True)
    address = models.CharField(_("from where"), max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    act = models.CharField(_("did"), max_length=12, choices=Act.choices)
    subject = models.CharField(_("what"), max_length=60)  # a table, or a name such as "configuration"
    subject_id = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=150, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("subject", "-id"), name="audit_by_subject"),
            models.Index(fields=("actor_id", "-id"), name="audit_by_actor"),
            models.Index(fields=("at",), name="audit_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.act} {self.subject} {self.label or self.subject_id}".strip()


class AuditSeal(models.Model):
    """Entry number `seq` of the chain: a hash over the entry and over the seal before it (core.audit.chain)."""

    seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT, related_name="seal")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("audit seal")

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"
