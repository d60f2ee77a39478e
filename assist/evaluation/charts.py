"""Charts as SVG, drawn by the server: bars, a calibration curve, a line. No script; colours come from the page's style sheet.

Every shape carries a class (`bar`, `line`, `dot`, `ideal`, `grid`, `label`, `value`) and every number is written beside it, so that the
chart can be read without colours, by a screen reader too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, ROW = 640, 26
LABELS, VALUES = 190, 70  # room left and right of the bars
PLOT, EDGE = 320, 44  # side of a square plot, and the room for its scale
BUCKETS = 10
COURSE, NAMES, TALL = 520, 140, 200  # a line over days: its width, the room for names, its height
TALL_PLOT = TALL - EDGE
LABEL = 13  # the height of a line of words
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Bucket:
    """Answers of about the same confidence: how sure the engine was on average, and how often it was right."""

    sure: float
    right: float
    count: int


def bars(title: str, values: Sequence[tuple[str, float]], *, most: float | None = None, form: str = "{:.3f}") -> SafeString:
    """Horizontal bars, one a row: (label, value). `most` is the value of a full bar; without it the largest is."""
    full = (most if most is not None else max((value for _, value in values), default=1.0)) or 1.0
    reach = WIDTH - LABELS - VALUES
    rows = format_html_join(
        "",
        '<text class="label" x="{}" y="{}" text-anchor="end">{}</text><rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="3"/>'
        '<text class="value" x="{}" y="{}">{}</text>',
        (_bar(place, label, min(1.0, max(0.0, value / full)) * reach, form.format(value)) for place, (label, value) in enumerate(values)),
    )
    return _drawing(title, WIDTH, ROW * max(1, len(values)) + 8, rows)


def calibration(title: str, buckets: Sequence[Bucket]) -> SafeString:
    """How sure against how often right; on the diagonal a stated 80 % is right eight times in ten. Dots grow with their number."""
    total = max(1, sum(bucket.count for bucket in buckets))
    dots = format_html_join(
        "",
        '<circle class="dot" cx="{}" cy="{}" r="{}"><title>{}</title></circle>',
        (
            (_x(one.sure), _y(one.right), round(3 + 14 * (one.count / total) ** 0.5, 1), f"{one.sure:.0%} → {one.right:.0%} ({one.count})")
            for one in buckets
        ),
    )
    points = " ".join(f"{_x(one.sure)},{_y(one.right)}" for one in buckets)
    ideal = format_html('<line class="ideal" x1="{}" y1="{}" x2="{}" y2="{}"/>', _x(0), _y(0), _x(1), _y(1))
    line = format_html('<polyline class="line" points="{}"/>', points)
    return _drawing(title, PLOT + 2 * EDGE, PLOT + 2 * EDGE, format_html("{}{}{}{}", _scale(), ideal, line, dots))


def curve(title: str, points: Sequence[tuple[float, float]], *, below: str = "") -> SafeString:
    """A line through (x, share) points, share 0..1; x is spread over the width from the smallest to the largest."""
    low, high = min((x for x, _ in points), default=0.0), max((x for x, _ in points), default=1.0)
    reach = (high - low) or 1.0
    placed = [(_x((x - low) / reach), _y(share), x, share) for x, share in points]
    line = format_html('<polyline class="line" points="{}"/>', " ".join(f"{x},{y}" for x, y, _, _ in placed))
    dots = format_html_join(
        "",
        '<circle class="dot" cx="{}" cy="{}" r="3"><title>{}: {}</title></circle>',
        ((x, y, f"{at:g}", f"{share:.3f}") for x, y, at, share in placed),
    )
    ends = format_html(
        '<text class="label" x="{}" y="{}">{}</text><text class="label" x="{}" y="{}" text-anchor="end">{}</text>'
        '<text class="label" x="{}" y="{}" text-anchor="middle">{}</text>',
        _x(0), _y(0) + 18, f"{low:g}", _x(1), _y(0) + 18, f"{high:g}", _x(0.5), _y(0) + 34, below,
    )  # fmt: skip
    return _drawing(title, PLOT + 2 * EDGE, PLOT + 2 * EDGE, format_html("{}{}{}{}", _scale(across=False), line, dots, ends))


@dataclass(frozen=True)
class _Field:
    """Where a day's value stands in the drawing of a course."""

    days: int
    low: float
    high: float

    @classmethod
    def around(cls, known: Sequence[float], days: int) -> _Field:
        """With a little room above and below."""
        low, high = min(known, default=0.0), max(known, default=1.0)
        margin = (high - low) * 0.1 or abs(high) * 0.1 or 0.1
        return cls(days, low - margin, high + margin)

    def at(self, day: int, value: float) -> tuple[float, float]:
        x = EDGE + day * (COURSE - EDGE) / max(1, self.days - 1)
        y = TALL - EDGE / 2 - (value - self.low) / (self.high - self.low) * TALL_PLOT
        return round(x, 1), round(y, 1)


def courses(title: str, days: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], form: str = "{:.2f}") -> SafeString:
    """How some values went on from day to day, each a line that ends with its name. A day without a value is skipped."""
    field = _Field.around([value for _, values in series for value in values if value is not None], len(days))
    lines = format_html_join(
        "",
        '<polyline class="course arm-{}" points="{}"/><circle class="end arm-{}" cx="{}" cy="{}" r="3"/>'
        '<text class="name" x="{}" y="{}">{}</text>',
        _lines(field, series),
    )
    ends = sorted({0, len(days) - 1}) if days else []
    below = format_html_join(
        "",
        '<text class="label" x="{}" y="{}" text-anchor="{}">{}</text>',
        ((field.at(day, field.low)[0], TALL, "end" if day else "start", days[day]) for day in ends),
    )
    return _drawing(title, COURSE + NAMES, TALL + 4, format_html("{}{}{}", _levels(field, form), lines, below))


def _lines(field: _Field, series: Sequence[tuple[str, Sequence[float | None]]]) -> Iterator[tuple[object, ...]]:
    """Each line with its end and its name, and no name upon another."""
    taken: list[float] = []
    for n, (name, values) in enumerate(series):
        points = [field.at(day, value) for day, value in enumerate(values) if value is not None]
        if points:
            x, y = points[-1]
            taken.append(label := _free(y + 4, taken))
            yield n, " ".join(f"{one},{other}" for one, other in points), n, x, y, x + 8, label, name


def _levels(field: _Field, form: str) -> SafeString:
    """Three lines across with their values: a little above the bottom, the middle, a little below the top."""
    margin = (field.high - field.low) / 12
    heights = [(value, field.at(0, value)[1]) for value in (field.low + margin, (field.low + field.high) / 2, field.high - margin)]
    return format_html_join(
        "",
        '<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/><text class="label" x="{}" y="{}" text-anchor="end">{}</text>',
        ((EDGE, y, COURSE, y, EDGE - 6, y + 4, form.format(value)) for value, y in heights),
    )


def _free(wanted: float, taken: Sequence[float]) -> float:
    """A place for a label near the wanted one, a line's height from every other."""
    steps = (side * n * LABEL for n in range(len(taken) + 1) for side in (1, -1))
    return next(wanted + step for step in steps if all(abs(wanted + step - other) >= LABEL for other in taken))


def buckets(answers: Sequence[tuple[float, bool]], count: int = BUCKETS) -> list[Bucket]:
    """(how sure 0..1, right) pairs in `count` equally wide buckets; empty ones are left out."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for sure, was_right in answers:
        held.setdefault(min(count - 1, max(0, int(sure * count))), []).append((sure, was_right))
    return [
        Bucket(sum(sure for sure, _ in one) / len(one), sum(was_right for _, was_right in one) / len(one), len(one))
        for _, one in sorted(held.items())
    ]


def calibration_error(answers: Sequence[tuple[float, bool]], count: int = BUCKETS) -> float:
    """Expected calibration error: the mean distance of `sure` and `right` over buckets, by their size (Naeini et al., AAAI 2015)."""
    return sum(abs(one.sure - one.right) * one.count for one in buckets(answers, count)) / max(1, len(answers))


def _bar(place: int, label: str, length: float, value: str) -> tuple[object, ...]:
    top = place * ROW + 4
    return LABELS - 10, top + 15, label, LABELS, top, round(length, 1), ROW - 8, round(LABELS + length + 8, 1), top + 15, value


def _scale(*, across: bool = True) -> SafeString:
    lines = format_html_join(
        "",
        '<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/><text class="label" x="{}" y="{}" text-anchor="end">{}</text>',
        ((_x(0), _y(tick), _x(1), _y(tick), _x(0) - 6, _y(tick) + 4, f"{tick:.0%}") for tick in TICKS),
    )
    below = format_html_join(
        "", '<text class="label" x="{}" y="{}" text-anchor="middle">{}</text>', ((_x(tick), _y(0) + 18, f"{tick:.0%}") for tick in TICKS)
    )
    return format_html("{}{}", lines, below if across else "")


def _drawing(title: str, width: int, height: int, inside: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" role="img" viewBox="0 0 {} {}" width="{}" height="{}" aria-label="{}"><title>{}</title>{}</svg>',
        width, height, width, height, title, title, inside,
    )  # fmt: skip


def _x(share: float) -> float:
    return round(EDGE + share * PLOT, 1)


def _y(share: float) -> float:
    return round(EDGE / 2 + (1 - share) * PLOT, 1)
