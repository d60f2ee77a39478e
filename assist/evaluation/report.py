"""The report of an evaluation as one HTML file: figures, charts, what went wrong, and a comparison. It needs no script and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .comparing import Comparison

Row = Sequence[object]


@dataclass(frozen=True)
class Chart:
    title: str
    drawing: SafeString  # from `charts`
    note: str = ""  # how to read it


@dataclass(frozen=True)
class Table:
    title: str
    head: Sequence[str]
    rows: Sequence[Row]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What one run has to say. `settings` are its options as they were given, `figures` the numbers of its JSON."""

    title: str
    settings: Mapping[str, object]
    figures: Mapping[str, object]
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    comparison: Comparison | None = None
    made_at: Any = field(default_factory=timezone.now)


def write(report: Report, file: Path) -> None:
    """Write the report as one self-contained HTML file."""
    file.write_text(render(report), encoding="utf-8")


def render(report: Report) -> str:
    figures = [(_name(key), value) for key, value in report.figures.items() if not isinstance(value, (list, Mapping))]
    nested = [(_name(key), list(value.items())) for key, value in report.figures.items() if isinstance(value, Mapping) and _flat(value)]
    settings = [(_name(key), value) for key, value in report.settings.items() if value not in (None, "", 0)]
    style = format_html("<style>{}</style>", render_to_string("assist/evaluation/report.css"))
    page = {"report": report, "figures": figures, "nested": nested, "settings": settings, "style": style}
    return render_to_string("assist/evaluation/report.html", page)


def _name(key: str) -> str:
    """`recall_at_1` as "recall at 1"."""
    return key.replace("_", " ")


def _flat(value: Mapping[str, object]) -> bool:
    return not any(isinstance(one, (Mapping, list)) for one in value.values())
