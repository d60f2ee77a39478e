"""Signing in and out, and being locked out: what allauth, Django and axes tell of."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from helpdesk.core.models import AuditEntry, User

from .acting import note

SUBJECT = "core_user"


@receiver(user_logged_in, dispatch_uid="core.audit.in")
def signed_in(sender: Any, user: Any, **_rest: Any) -> None:
    _note(AuditEntry.Act.SIGNED_IN, user)


@receiver(user_logged_out, dispatch_uid="core.audit.out")
def signed_out(sender: Any, user: Any, **_rest: Any) -> None:
    _note(AuditEntry.Act.SIGNED_OUT, user)


@receiver(user_locked_out, dispatch_uid="core.audit.locked")
def locked_out(sender: Any, username: str | None = None, **_rest: Any) -> None:
    """Somebody tried too often. An address that is nobody's here is a stranger's word, and left out."""
    user = User.objects.filter(email__iexact=(username or "").strip()).first()
    note(AuditEntry.Act.LOCKED_OUT, SUBJECT, subject_id=user.pk if user else "", label=str(user or ""))


def _note(act: str, user: Any) -> None:
    if isinstance(user, User):
        note(act, SUBJECT, by=user, subject_id=user.pk, label=str(user))
