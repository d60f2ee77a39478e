"""Caps on what strangers may ask for: reset mails, web forms. Counted atomically in PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from .models import Allowance
from .models.access import fingerprint

KEEP = timedelta(days=2)  # longer than any window; older counts say nothing


def spend(deed: str, subject: str, *, limit: int, window: timedelta) -> bool:
    """Count one deed of `subject` (an address, an IP) in the present window; False when it had `limit` already.

    Parallel calls cannot pass the limit together: the count rises in one conditional UPDATE.
    """
    row = {"deed": deed, "subject_hash": fingerprint(subject.strip().lower()), "window_start": _start_of(window)}
    with transaction.atomic():
        Allowance.objects.bulk_create([Allowance(**row)], ignore_conflicts=True)
        counted = Allowance.objects.filter(**row, count__lt=limit).update(count=F("count") + 1)
        Allowance.objects.filter(window_start__lt=timezone.now() - KEEP).delete()
    return bool(counted)


def client_address(request: HttpRequest) -> str:
    """The visitor's IP address; behind a proxy as ALLAUTH_TRUSTED_PROXY_COUNT says, never from a header unasked."""
    return str(get_adapter(request).get_client_ip(request))


def _start_of(window: timedelta) -> datetime:
    length = int(window.total_seconds())
    return datetime.fromtimestamp(int(timezone.now().timestamp()) // length * length, tz=UTC)
