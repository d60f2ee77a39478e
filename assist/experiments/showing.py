"""An experiment in words and shapes: the verdict as a sentence, a row for each arm, the course of the days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.template.defaultfilters import date as date_words
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from assist.evaluation import charts
from assist.models import Experiment

from .judging import BETTER, FEW, WORSE, Line, Reading
from .measuring import LOWER_IS_BETTER, SHARES, Seen
from .statistics import Range

Metric = Experiment.Metric
MIDDLE, REACH = 110, 100  # of the range's drawing
MOST_DAYS = 90
_FORMS: dict[str, tuple[Callable[[float], str], Callable[[float], str]]] = {  # a value, a change
    Metric.ACCEPTANCE: (lambda x: f"{x:.1%}", lambda x: f"{100 * x:+.1f} pt"),
    Metric.ANSWERED: (lambda x: f"{x:.1%}", lambda x: f"{100 * x:+.1f} pt"),
    Metric.HANDED_OVER: (lambda x: f"{x:.1%}", lambda x: f"{100 * x:+.1f} pt"),
    Metric.EDIT: (lambda x: f"{x:.2f}", lambda x: f"{x:+.2f}"),
    Metric.SATISFACTION: (lambda x: f"{x:.2f}", lambda x: f"{x:+.2f}"),
    Metric.RESOLUTION: (lambda x: f"{x:.1f} h", lambda x: f"{x:+.1f} h"),
}


@dataclass(frozen=True)
class Verdict:
    icon: str
    title: str
    tone: str = ""


@dataclass(frozen=True)
class Drawn:
    """Two ranges and a point on a scale whose middle is no difference; to the right is better."""

    low: float
    high: float
    once_low: float
    once_high: float
    at: float


@dataclass(frozen=True)
class Row:
    line: Line
    value: str
    range: str
    change: str = ""
    once: str = ""
    always: str = ""
    confidence: str = ""
    drawn: Drawn | None = None

    @property
    def tone(self) -> str:
        return {BETTER: "good", WORSE: "bad"}.get(self.line.verdict, "")

    @property
    def words(self) -> str:
        if self.line.arm.is_control:
            return _("Control")
        return {BETTER: _("Better"), WORSE: _("Worse"), FEW: _("Too few")}.get(self.line.verdict, _("Not decided"))


def verdict(reading: Reading) -> Verdict:
    """One sentence for who reads nothing else."""
    experiment, control = reading.experiment, reading.control
    if experiment.state == Experiment.State.DRAFT:
        return Verdict("flask-conical", _("Not started: nobody gets anything else yet."))
    if experiment.winner:
        return Verdict("circle-check", _("Decided: “%(arm)s” is in use.") % {"arm": experiment.winner.name}, "good")
    if reading.best is not None:
        return Verdict("circle-check", _("“%(arm)s” is better than “%(control)s”.") % _names(reading.best, control), "good")
    if not reading.is_enough:
        words = {"n": reading.fewest, "minimum": experiment.minimum}
        return Verdict("hourglass", _("Too few to say: %(n)d of at least %(minimum)d in the smallest arm.") % words)
    worse = [one for one in reading.lines[1:] if one.verdict == WORSE]
    if worse and len(worse) == len(reading.lines) - 1:
        return Verdict("triangle-alert", _("“%(control)s” stays ahead: what was tried is worse.") % _names(worse[0], control), "bad")
    return Verdict("hourglass", _("Not decided: the difference may still be chance."))


def _names(line: Line, control: Line) -> dict[str, str]:
    return {"arm": line.arm.name, "control": control.arm.name}


def rows(reading: Reading) -> list[Row]:
    """Each arm as the table shows it, drawn on one scale."""
    say, say_change = _FORMS[reading.experiment.metric]
    ends = [
        abs(end)
        for one in reading.lines
        for each in (one.always, one.against and one.against.once)
        if each
        for end in (each.low, each.high)
    ]
    most, sign = max(ends, default=1.0) or 1.0, -1 if reading.experiment.metric in LOWER_IS_BETTER else 1

    def place(value: float) -> float:
        return round(MIDDLE + sign * value / most * REACH, 1)

    def between(found: Range | None, form: Callable[[float], str]) -> str:
        return _("%(low)s to %(high)s") % {"low": form(found.low), "high": form(found.high)} if found else ""

    def drawn(one: Line) -> Drawn | None:
        if one.always is None or one.against is None:
            return None
        low, high = sorted((place(one.always.low), place(one.always.high)))
        once = sorted((place(one.against.once.low), place(one.against.once.high)))
        return Drawn(low, high, once[0], once[1], place(one.against.change))

    return [
        Row(
            line=one,
            value="–" if one.value is None else say(one.value),
            range=between(one.range, say),
            change=say_change(one.against.change) if one.against else "",
            once=between(one.against.once if one.against else None, say_change),
            always=between(one.always, say_change),
            confidence=f"{int(1000 * one.confidence) / 10:.1f}%" if one.confidence is not None else "",
            drawn=drawn(one),
        )
        for one in reading.lines
    ]


def chart(reading: Reading) -> SafeString | str:
    """The value of each arm with all that was known by each day. Nothing before the second day."""
    days, courses = _courses(reading)
    if len(days) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    share = reading.experiment.metric in SHARES
    title = _("%(metric)s by arm, with all that was known by each day") % {"metric": reading.experiment.get_metric_display()}
    named = [date_words(day, "j M") for day in days]
    return charts.courses(title, named, courses, "{:.0%}" if share else "{:.2f}")


def table(reading: Reading) -> list[tuple[date, list[str]]]:
    """The same as numbers, the newest day first."""
    say = _FORMS[reading.experiment.metric][0]
    days, courses = _courses(reading)
    cells = [[("–" if value is None else say(value)) for value in values] for _name, values in courses]
    return [(day, [one[n] for one in cells]) for n, day in reversed(list(enumerate(days)))]


def _courses(reading: Reading) -> tuple[list[date], list[tuple[str, list[float | None]]]]:
    seen = [one for values in reading.values.values() for one in values]
    if not seen:
        return [], []
    first, last = _day(min(one.at for one in seen)), _day(max(one.at for one in seen))
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return days, [(one.arm.name, _course(reading.values.get(one.arm.pk, []), days)) for one in reading.lines]


def _course(seen: list[Seen], days: list[date]) -> list[float | None]:
    found: list[float | None] = []
    total, n = 0.0, 0
    for day in days:
        while n < len(seen) and _day(seen[n].at) <= day:
            total, n = total + seen[n].value, n + 1
        found.append(total / n if n else None)
    return found


def _day(at: object) -> date:
    return timezone.localdate(at, timezone.get_default_timezone())  # type: ignore[arg-type]
