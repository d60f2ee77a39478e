"""How times are said on screen: "6 min", "2 h", "1 h 10", "7:42", "19 Nov" (design/ui.md, section 9)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
SAME_EVENING = 6 * HOUR  # so long an age is told in hours across midnight too
COUNTDOWN_BELOW = 10 * MINUTE  # under ten minutes a deadline is counted in seconds
SOON_BELOW_PERCENT = 25  # of the time between start and deadline

SlaState = Literal["ok", "soon", "breached", "met", "paused"]


def age(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, in the fewest characters; a date once it is another day for the reader and hours ago."""
    now = now or timezone.now()
    seconds = (now - moment).total_seconds()
    if seconds < MINUTE:
        return _("now")
    if seconds < HOUR:
        return _("%(minutes)d min") % {"minutes": seconds // MINUTE}
    if seconds < SAME_EVENING or _local_day(moment) == _local_day(now):
        return _("%(hours)d h") % {"hours": seconds // HOUR}
    return day(moment, now)


def day(moment: datetime, now: datetime | None = None) -> str:
    """ "19 Nov", with the year when it is not the present one."""
    now = now or timezone.now()
    same_year = _local_day(moment).year == _local_day(now).year
    return date_format(timezone.localtime(moment), "j M" if same_year else "j M Y")


def time_or_day(moment: datetime, now: datetime | None = None) -> str:
    """ "14:21" for today, else the day."""
    now = now or timezone.now()
    if _local_day(moment) == _local_day(now):
        return date_format(timezone.localtime(moment), "H:i")
    return day(moment, now)


def span(seconds: float) -> str:
    """A length of time: "7:42" under ten minutes, "22 min", "1 h 10", "3 d". The sign is dropped."""
    seconds = abs(int(seconds))
    if seconds < COUNTDOWN_BELOW:
        return f"{seconds // MINUTE}:{seconds % MINUTE:02}"
    if seconds < HOUR:
        return _("%(minutes)d min") % {"minutes": seconds // MINUTE}
    if seconds < DAY:
        return _hours_and_minutes(seconds)
    return _("%(days)d d") % {"days": seconds // DAY}


def _hours_and_minutes(seconds: int) -> str:
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    if not minutes:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": minutes}


@dataclass(frozen=True)
class Deadline:
    """What an SLA ring shows: its state, the words beside it and the share of time left, 0 to 100."""

    state: SlaState
    text: str
    percent: int


def deadline(
    due: datetime, started: datetime, *, met: datetime | None = None, paused: bool = False, now: datetime | None = None
) -> Deadline:
    """The state of one promise: kept, on hold, running, nearly due, or overdue."""
    now = now or timezone.now()
    if met:
        return Deadline("met", span((met - started).total_seconds()), 100)
    if paused:
        return Deadline("paused", _("Paused"), 100)
    left = (due - now).total_seconds()
    if left < 0:
        return Deadline("breached", span(left), 100)
    percent = _share(left, (due - started).total_seconds())
    return Deadline("soon" if percent < SOON_BELOW_PERCENT else "ok", span(left), percent)


def _share(part: float, whole: float) -> int:
    return max(0, min(100, round(100 * part / whole))) if whole > 0 else 0


def iso_exact(moment: datetime) -> str:
    """ISO 8601 in UTC with Z, to the millisecond: for machines that sort by it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with Z, for `datetime` and `data-*` attributes."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(moment: datetime) -> str:
    """The full local time, for a title: "19 November 2026, 14:21"."""
    return date_format(timezone.localtime(moment), "j F Y, H:i")


def _local_day(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)
