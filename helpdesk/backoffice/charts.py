"""Geometry of the dashboard's charts: numbers in, SVG attributes out. Colours are the style sheet's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

Points = list[tuple[float, float]]


def scale(value: float, low: float, high: float, start: float, end: float) -> float:
    return start + (value - low) * (end - start) / ((high - low) or 1)


def points(values: Sequence[float], width: float, height: float, pad: float = 3) -> Points:
    low, high, steps = min(values), max(values), (len(values) - 1) or 1
    return [
        (round(pad + i * (width - 2 * pad) / steps, 1), round(scale(value, low, high, height - pad, pad), 1))
        for i, value in enumerate(values)
    ]


def line(pts: Points) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in pts)


def smooth(pts: Points) -> str:
    """A cubic through the points: control points at half the step."""
    path = f"M{pts[0][0]} {pts[0][1]}"
    for (x0, y0), (x1, y1) in pairwise(pts):
        middle = round((x0 + x1) / 2, 1)
        path += f"C{middle} {y0} {middle} {y1} {x1} {y1}"
    return path


@dataclass(frozen=True)
class Spark:
    line: str
    area: str


def spark(values: Sequence[float | None], width: int = 120, height: int = 24) -> Spark | None:
    """A trend without scale; None for less than two known values."""
    known = [value for value in values if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    pts = points(known, width, height)
    path = line(pts)
    return Spark(path, f"{path}L{pts[-1][0]} {height}L{pts[0][0]} {height}Z")


def nice(most: float, steps: int = 3) -> list[float]:
    """Round marks of a scale from 0 to at least `most`."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / steps
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    step = max(step, 1.0) if most >= 1 else step
    return [round(step * i, 6) for i in range(math.ceil(most / step) + 1)]


@dataclass(frozen=True)
class Column:
    """A place on the x axis with its bars."""

    label: str
    x: float
    first: tuple[float, float, float]  # x, y, height
    second: tuple[float, float, float]
    value: str = ""
    is_now: bool = False
    shown: bool = True  # the label has room

    @property
    def value_x(self) -> float:
        """Above the first bar."""
        return self.first[0] + 7

    @property
    def value_y(self) -> float:
        return self.first[1] - 5


@dataclass(frozen=True)
class Bars:
    columns: list[Column]
    marks: list[tuple[float, str]]  # y, label
    usual: str = ""
    band: float | None = None  # x of the column of now
    step: float = 0
    bar: float = 14


WIDTH, HEIGHT, LEFT, FLOOR, TOP = 678, 226, 28, 206, 14
AMOUNTS = 52  # room for "$0.005" beside the columns


def volume(labels: Sequence[str], first: Sequence[int], second: Sequence[int], usual: Sequence[float | None], now: int | None) -> Bars:
    """New beside solved, and what is usual as a dashed line. `now` is the column that is still running; those behind it are to come."""
    marks = nice(max([*first, *second, *(value or 0 for value in usual), 1]))
    step = (WIDTH - LEFT) / max(1, len(labels))
    bar = max(2.0, min(14.0, (step - 6) / 2))
    ending = len(labels) if now is None else now + 1

    def y(value: float) -> float:
        return round(scale(value, 0, marks[-1], FLOOR, TOP), 1)

    most = max(first[:ending], default=0)
    columns = []
    every = max(1, math.ceil(len(labels) / 16))
    for i, label in enumerate(labels):
        middle = LEFT + step * (i + 0.5)
        given = (first[i], second[i]) if i < ending else (0, 0)
        pair = [(round(middle + side, 1), y(value), round(FLOOR - y(value), 1)) for side, value in zip((-bar - 1, 1), given, strict=True)]
        said = str(first[i]) if i < ending and first[i] and (i == now or first[i] == most) else ""
        columns.append(Column(label, round(middle, 1), pair[0], pair[1], said, i == now, _has_room(i, every, now)))
    dots = [(column.x, y(value)) for column, value in zip(columns, usual, strict=True) if value is not None]
    path = smooth(dots) if len(dots) > 1 else ""
    band = round(LEFT + step * now, 1) if now is not None else None
    return Bars(columns, [(y(mark), f"{mark:g}") for mark in marks], path, band, round(step, 1), round(bar, 1))


@dataclass(frozen=True)
class Plain:
    """One column of amounts."""

    label: str
    x: float
    y: float
    height: float
    value: float
    middle: float
    shown: bool


@dataclass(frozen=True)
class Columns:
    columns: list[Plain]
    marks: list[tuple[float, str]]
    bar: float


def columns(labels: Sequence[str], values: Sequence[float]) -> Columns | None:
    """Amounts by day. None when all are nothing."""
    if not any(values):
        return None
    marks = nice(max(values))
    step = (WIDTH - AMOUNTS) / max(1, len(labels))
    bar, every = max(2.0, min(28.0, step - 4)), max(1, math.ceil(len(labels) / 10))
    found = []
    for n, (label, value) in enumerate(zip(labels, values, strict=True)):
        middle, y = AMOUNTS + step * (n + 0.5), round(scale(value, 0, marks[-1], FLOOR, TOP), 1)
        found.append(Plain(label, round(middle - bar / 2, 1), y, round(FLOOR - y, 1), value, round(middle, 1), n % every == 0))
    return Columns(found, [(round(scale(mark, 0, marks[-1], FLOOR, TOP), 1), f"${mark:g}") for mark in marks], round(bar, 1))


def _has_room(i: int, every: int, now: int | None) -> bool:
    """Every so many columns have a label; that of now always, and then its neighbours none."""
    return i == now or (i % every == 0 and (now is None or every == 1 or abs(i - now) > every))


@dataclass(frozen=True)
class Line:
    name: str
    path: str
    end: tuple[float, float]
    label: str
    label_y: float


@dataclass(frozen=True)
class Lines:
    lines: list[Line]
    marks: list[tuple[float, str]]
    days: list[tuple[float, str, str]]  # x, label, anchor
    target: float | None = None


def percentiles(days: Sequence[str], series: Mapping[str, Sequence[float | None]], target: float | None) -> Lines | None:
    """Lines from left to right, each with its name and last value at its end. None without two days. Days without a value are skipped."""
    values = [value for one in series.values() for value in one if value is not None]
    if not values or all(sum(value is not None for value in one) < 2 for one in series.values()):  # noqa: PLR2004
        return None
    left, right, floor, top = 28, 322, 150, 18
    marks = nice(max([*values, target or 0]), 2)
    steps = max(1, len(days) - 1)

    def at(i: int, value: float) -> tuple[float, float]:
        return round(left + i * (right - left) / steps, 1), round(scale(value, 0, marks[-1], floor, top), 1)

    lines: list[Line] = []
    for name, one in series.items():
        pts = [at(i, value) for i, value in enumerate(one) if value is not None]
        if not pts:
            continue
        last = next(value for value in reversed(one) if value is not None)
        lines.append(Line(name, line(pts), pts[-1], f"{last:.0f}", pts[-1][1] + 4))
    places = sorted({0, steps // 2, steps})
    named = [(at(i, 0)[0], days[i], "start" if i == 0 else "middle") for i in places if i < len(days)]
    aim = at(0, target)[1] if target is not None else None
    return Lines(_apart(lines), [(at(0, mark)[1], f"{mark:g}") for mark in marks], named, aim)


LABEL = 12  # the height of one


def _apart(lines: list[Line]) -> list[Line]:
    """With labels that do not cover each other: from the lowest upwards."""
    found: list[Line] = []
    below = float("inf")
    for one in sorted(lines, key=lambda one: -one.label_y):
        below = round(min(one.label_y, below - LABEL), 1)
        found.append(replace(one, label_y=below))
    return found


@dataclass(frozen=True)
class Mood:
    label: str
    x: float
    up: float  # height of the positive bar
    down: float
    value: str = ""
    shown: bool = True
    middle: float = 0

    @property
    def top(self) -> float:
        return AXIS - 1 - self.up

    @property
    def value_y(self) -> float:
        return AXIS + self.down + 13


@dataclass(frozen=True)
class Moods:
    columns: list[Mood]
    bar: float
    marks: list[tuple[float, str]] = field(default_factory=list)


AXIS, REACH = 80, 56


def moods(labels: Sequence[str], positive: Sequence[float | None], negative: Sequence[float | None]) -> Moods | None:
    """Shares above and below one axis, 0..1. None when nothing is known."""
    known = [value for value in (*positive, *negative) if value is not None]
    if not known:
        return None
    top = max(0.2, math.ceil(max(known) * 5) / 5)
    step = (374 - 30) / max(1, len(labels))
    bar = max(2.0, min(20.0, step - 4))
    worst = max((value or 0) for value in negative)
    every = max(1, math.ceil(len(labels) / 9))
    columns = [
        Mood(
            label,
            round(30 + step * (i + 0.5) - bar / 2, 1),
            round((up or 0) / top * REACH, 1),
            round((down or 0) / top * REACH, 1),
            f"{down:.0%}".rstrip("%") if down and down == worst else "",
            i % every == 0,
            round(30 + step * (i + 0.5), 1),
        )
        for i, (label, up, down) in enumerate(zip(labels, positive, negative, strict=True))
    ]
    return Moods(columns, round(bar, 1), [(AXIS - REACH, f"{top:.0%}"), (AXIS + REACH, f"{top:.0%}")])


def stack(parts: Sequence[tuple[str, float]], width: float = 374) -> list[tuple[str, float, float]]:
    """(class, x, width) of the parts of a bar, by their share of the whole, with hairlines between."""
    whole = sum(value for _name, value in parts) or 1
    x, found = 0.0, []
    for name, value in parts:
        size = width * value / whole
        if size >= 1:
            found.append((name, round(x, 1), round(max(1.0, size - 2), 1)))
        x += size
    return found
