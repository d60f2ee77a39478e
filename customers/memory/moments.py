"""The times that come with a memory, checked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import Invalid

SKEW = timedelta(minutes=5)  # a partner's clock may be ahead by so much; it then counts as now


class Moments(NamedTuple):
    starts: datetime
    ends: datetime | None
    learned: datetime


def checked(starts: datetime | None, ends: datetime | None, learned: datetime | None) -> Moments:
    """What is not given is now. Raises Invalid for an end before the start, and for what we are to learn only later."""
    now = timezone.now()
    if learned is not None and learned > now + SKEW:
        raise Invalid(_("The time of learning is still to come."))
    known = min(learned or now, now)
    begins = starts or known
    if ends is not None and ends < begins:
        raise Invalid(_("The end must not come before the start."))
    return Moments(begins, ends, known)
