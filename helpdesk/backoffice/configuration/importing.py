"""Bringing a file in: all of it or nothing, and only what is different is written.

A trial does the same and takes it back, so what it shows is what would happen. A row that the file leaves out stays as it is, unless
`remove` is asked for; so does a field that a row leaves out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from helpdesk.core.audit import acting_for, note
from helpdesk.core.errors import Invalid
from helpdesk.core.events import record
from helpdesk.core.models import AuditEntry, User
from tickets.models import BusinessHours, SlaPolicy

from . import applying
from .differing import Difference, differences
from .exporting import Row, export
from .shape import LOCKED, MODEL


@dataclass(frozen=True)
class Result:
    """What was done, or would be."""

    differences: list[Difference]

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(one.deed for one in self.differences))

    @property
    def to_enter(self) -> list[Difference]:
        """New rows whose secrets are to be entered, or made anew, by hand."""
        return [one for one in self.differences if one.deed == "created" and one.section in (*LOCKED, MODEL)]


def bring_in(sections: dict[str, list[Row]], *, by: User | None, remove: bool = False, trial: bool = False, label: str = "") -> Result:
    """Do it, or with `trial` only say what it would do. Raises Invalid, and changes nothing, when a row makes no sense here."""
    with acting_for(by), transaction.atomic():
        before, had_admin = export(), _has_admin()
        try:
            with transaction.atomic():
                applying.write(sections, by, remove)
        except IntegrityError as wrong:
            raise Invalid(_("Two rows cannot both be so: %(why)s") % {"why": str(wrong).splitlines()[0]}) from wrong
        result = Result(differences(before, export()))
        if had_admin and not _has_admin():
            raise Invalid(_("people: this would leave no admin."))
        _keep_own_rights(by)
        if trial:
            transaction.set_rollback(True)
        elif result.differences:
            _tell(result, by, label)
    return result


def _has_admin() -> bool:
    return User.objects.filter(role=User.Role.ADMIN, is_active=True).exists()


def _keep_own_rights(by: User | None) -> None:
    """Nobody locks themselves out."""
    if by is not None and not User.objects.filter(pk=by.pk, role=by.role, is_active=True).exists():
        raise Invalid(_("people: this would take your own rights away. Somebody else has to bring it in."))


def _tell(result: Result, by: User | None, label: str) -> None:
    note(AuditEntry.Act.IMPORTED, "configuration", by=by, label=label, after=result.counts)
    if any(one.section in ("business_hours", "sla_policies", "queues") for one in result.differences):
        promise = SlaPolicy.objects.first() or BusinessHours.objects.first()
        if promise is not None:  # open tickets are worked out anew
            record("policy.changed", subject=promise, by=by, name=str(promise), old={}, new={})
