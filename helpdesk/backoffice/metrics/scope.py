"""Of which days, team and channel a figure is. Days are the company's (TIME_ZONE)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from tickets.models import Queue, Ticket

PERIODS = {"today": (1, _("Today")), "7d": (7, _("7 days")), "30d": (30, _("30 days"))}
CLOCKS = {"business": _("Business hours"), "wall": _("Around the clock")}  # how waits are counted
LONGEST = 366  # days
EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)  # beyond them is what nobody means


@dataclass(frozen=True)
class Scope:
    """Whole days, both ends included; the last one may still be running."""

    first: date
    last: date
    queue: Queue | None = None
    channel: str = ""
    period: str = ""
    clock: str = "business"

    @classmethod
    def of(cls, period: str, *, queue: Queue | None = None, channel: str = "", today: date | None = None) -> Scope:
        days, _label = PERIODS.get(period, PERIODS["today"])
        last = today or timezone.localdate(timezone=zone())
        return cls(last - timedelta(days=days - 1), last, queue, channel, period if period in PERIODS else "today")

    @classmethod
    def asked(cls, query: Any) -> Scope:
        """From an address: `period`, or `from` and `to`; `queue` by slug, `channel`, `clock`. What makes no sense is left out."""
        queue = Queue.objects.filter(slug=query["queue"]).first() if query.get("queue") and "\x00" not in query["queue"] else None
        channel = query.get("channel", "") if query.get("channel") in Ticket.Channel.values else ""
        clock = query.get("clock", "") if query.get("clock") in CLOCKS else "business"
        scope = replace(cls.of(query.get("period", "today"), queue=queue, channel=channel), clock=clock)
        first, last = _day(query.get("from")), _day(query.get("to"))
        if first is None and last is None:
            return scope
        last = min(last or scope.last, scope.last)
        first = max(min(first or last, last), last - timedelta(days=LONGEST - 1))
        return replace(scope, first=first, last=last, period="")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def starts(self) -> datetime:
        return start_of(self.first)

    @property
    def ends(self) -> datetime:
        """The instant behind the last day."""
        return start_of(self.last + timedelta(days=1))

    @property
    def queue_id(self) -> UUID | None:
        return self.queue.pk if self.queue else None

    @property
    def channel_label(self) -> str:
        return str(Ticket.Channel(self.channel).label) if self.channel else ""

    @property
    def query(self) -> dict[str, str]:
        """How an address names this scope."""
        days = {"period": self.period} if self.period else {"from": self.first.isoformat(), "to": self.last.isoformat()}
        clock = {"clock": self.clock} if self.clock != "business" else {}
        return days | clock | ({"queue": self.queue.slug} if self.queue else {}) | ({"channel": self.channel} if self.channel else {})

    @property
    def everywhere(self) -> Scope:
        """The same days, of every team and channel."""
        return replace(self, queue=None, channel="")

    def before(self) -> Scope:
        """As many days just before these."""
        return replace(self, first=self.first - timedelta(days=self.days), last=self.first - timedelta(days=1), period="")


def zone() -> Any:
    return timezone.get_default_timezone()


def start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone())


def of_days(moment: str, first: date | None, last: date | None) -> Q:
    """What has the instant `moment` between the beginning of one of the company's days and the end of another; None: no end there."""
    limits = Q()
    if first is not None:
        limits &= Q(**{f"{moment}__gte": start_of(max(first, EARLIEST))})
    if last is not None:
        limits &= Q(**{f"{moment}__lt": start_of(min(last, LATEST) + timedelta(days=1))})
    return limits


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None
