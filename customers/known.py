"""What we know of a customer, laid out in time: a row for each attribute, a bar for each value from its start to its end.

Only what the customer lets us look up, and only what the viewer may see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from customers.memory import facts
from customers.memory.confirming import UNSURE
from customers.memory.rights import hidden_tickets
from customers.models import Customer, MemoryFact
from customers.privacy import may_look_up
from helpdesk.core.models import User

WIDTH, GAP, INSET, LETTER = 560, 2, 7, 5.8  # of the drawing, in its own units; LETTER is the usual width of one
SMALLEST = 6
LONGEST = timedelta(days=8 * 365)  # what began before is drawn from the left edge
ROOM = 0.14  # of the drawing, to the right of the moment
YEARLY = timedelta(days=700)  # shorter stretches get months
NEAR = 34  # of "Now": no other label


@dataclass(frozen=True)
class Bar:
    fact: MemoryFact
    x: float
    width: float
    label: str  # the value, as much of it as fits
    state: str  # past, now, or ask: waits to be confirmed

    @property
    def text_x(self) -> float:
        return round(self.x + INSET, 1)


@dataclass(frozen=True)
class Row:
    name: str
    bars: list[Bar]

    @property
    def last(self) -> Bar:
        return self.bars[-1]

    @property
    def before(self) -> MemoryFact | None:
        return self.bars[-2].fact if len(self.bars) > 1 else None


@dataclass(frozen=True)
class Known:
    """The drawing: rows, `ticks` as (label, x), and where the moment stands."""

    rows: list[Row]
    ticks: list[tuple[str, float]]
    moment_x: float
    allowed: bool = True

    @property
    def count(self) -> int:
        return sum(len(row.bars) for row in self.rows)

    @property
    def to_confirm(self) -> int:
        return sum(bar.state == "ask" for row in self.rows for bar in row.bars)


@dataclass(frozen=True)
class Stretch:
    """The time that the drawing shows."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        return round(WIDTH * ((min(max(at, self.start), self.end) - self.start) / (self.end - self.start)), 1)


def known(customer: Customer, viewer: User | Customer, as_of: datetime | None = None) -> Known:
    """What we believed at a moment (now). At most three queries."""
    if not may_look_up(customer):
        return Known([], [], 0, allowed=False)
    moment = as_of or timezone.now()
    found = visible(facts(customer, moment, valid=False), viewer)
    stretch = _stretch([fact.starts_at for fact in found], moment)
    rows = [Row(name, [_bar(fact, stretch, moment) for fact in group]) for name, group in groupby(found, key=lambda fact: fact.attribute)]
    here = stretch.x(moment)
    return Known(rows, [(label, x) for label, at in _ticks(stretch) if abs((x := stretch.x(at)) - here) > NEAR], here)


def in_short(customer: Customer, viewer: User, most: int = 5) -> list[MemoryFact]:
    """The surest facts that hold now, the latest first."""
    if not may_look_up(customer):
        return []
    found = visible(facts(customer), viewer)
    return sorted(found, key=lambda fact: (fact.confidence >= UNSURE, fact.starts_at), reverse=True)[:most]


def visible(found: Iterable[MemoryFact], viewer: User | Customer) -> list[MemoryFact]:
    """Without those that came from tickets which the viewer may not see. Customers see all that is theirs."""
    rows = list(found)
    hidden: set[UUID] = set() if isinstance(viewer, Customer) else hidden_tickets(viewer, [fact.ticket_ref for fact in rows])
    return [fact for fact in rows if fact.ticket_ref not in hidden]


def end_of(day: str) -> datetime | None:
    """The last moment of a day written 2026-01-31; None for today, days to come, and what is no day."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        return None
    if wanted >= timezone.localdate() or wanted.year < 1970:  # noqa: PLR2004 - nobody asks for what was before
        return None
    return timezone.make_aware(datetime.combine(wanted, time.max))


def _stretch(starts: list[datetime], moment: datetime) -> Stretch:
    """From the beginning of the first year (or month) to a little after the moment."""
    first = max(min(starts, default=moment), moment - LONGEST).astimezone(UTC)
    start = first.replace(month=1 if moment - first > YEARLY else first.month, day=1, hour=0, minute=0, second=0, microsecond=0)
    start = min(start, moment - timedelta(days=28))
    return Stretch(start, moment + (moment - start) * (ROOM / (1 - ROOM)))


def _ticks(stretch: Stretch) -> list[tuple[str, datetime]]:
    start, end = stretch.start, stretch.end
    if end - start > YEARLY:
        return [(str(year), datetime(year, 1, 1, tzinfo=UTC)) for year in range(start.year, end.year + 1)]
    step = 1 + (end - start).days // 200
    firsts = [datetime(start.year + (start.month - 1 + n) // 12, (start.month - 1 + n) % 12 + 1, 1, tzinfo=UTC) for n in range(0, 30, step)]
    return [(date_format(at, "M Y" if at.month <= step else "M"), at) for at in firsts if start <= at < end]


def _bar(fact: MemoryFact, stretch: Stretch, moment: datetime) -> Bar:
    x = stretch.x(fact.starts_at)
    width = max(stretch.x(fact.ends_at or stretch.end) - x - GAP, SMALLEST)
    past = fact.ends_at is not None and fact.ends_at <= moment
    state = "past" if past else "ask" if fact.confidence < UNSURE else "now"
    return Bar(fact, x, round(width, 1), _fitting(fact.value, int((width - 2 * INSET) / LETTER)), state)


def _fitting(text: str, letters: int) -> str:
    if len(text) <= letters:
        return text
    return f"{text[: letters - 1]}…" if letters > 2 else ""  # noqa: PLR2004 - one letter and dots say nothing
