"""Brings past solved work in from a JSON Lines file, so that learning starts on day one (contract section 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_datetime

from helpdesk.core.jsonlines import read_lines

from . import cases
from .models import Article, Category, SolvedCase

MOST_CHARACTERS = 4_000  # of a case that are kept; its vector reads the first 256 tokens


@dataclass
class CaseReport:
    stored: int = 0
    linked: int = 0
    skipped: list[str] = field(default_factory=list)  # "line 3: neither text nor turns"


def import_cases(path: Path, *, progress: Callable[[int], None] | None = None) -> CaseReport:
    """Store and embed every case of the file; `progress` gets how many lines are done. Safe to repeat: a case is known by its id.

    A case that names an article which is not there is kept without it and reported. Raises Invalid for a malformed
    file and EmbeddingUnavailable when vectors cannot be made (what was stored by then stays; repeat to go on).
    """
    report = CaseReport()
    rows = enumerate(read_lines(path), 1)
    while batch := list(islice(rows, cases.AT_ONCE)):
        solved = list(_solved(batch, report))
        cases.remember(solved)
        report.stored += len(solved)
        report.linked += sum(case.article is not None for case in solved)
        if progress:
            progress(batch[-1][0])
    return report


def _solved(batch: list[tuple[int, dict[str, Any]]], report: CaseReport) -> Iterator[cases.Solved]:
    slugs = {str(row.get("article") or "") for _, row in batch}
    articles = {article.slug: article for article in Article.objects.filter(slug__in=slugs).defer("body", "search")}
    categories = {category.slug: category for category in Category.objects.all()}
    for number, row in batch:
        text = cases.case_text(str(row.get("subject") or ""), _turns(row))[:MOST_CHARACTERS]
        slug = str(row.get("article") or "")
        if not text:
            report.skipped.append(f"line {number}: neither text nor turns")
            continue
        if slug and slug not in articles:
            report.skipped.append(f"line {number}: stored without its article, {slug!r} is not in the knowledge base")
        yield cases.Solved(
            source=("import", str(row.get("id") or f"{number}")[:100]),
            text=text,
            opening=cases.case_text(str(row.get("subject") or ""), _turns(row), cases.OPENING_TURNS)[:MOST_CHARACTERS],
            article=articles.get(slug),
            category=categories.get(str(row.get("category") or "")),
            priority=str(row.get("priority") or "")[: SolvedCase._meta.get_field("priority").max_length],
            resolved_at=_moment(row.get("resolved_at")),
        )


def _turns(row: dict[str, Any]) -> list[str]:
    turns = row.get("turns")
    told = turns if isinstance(turns, list) else [row.get("text") or ""]
    return [str(turn).replace("\x00", "") for turn in told]


def _moment(value: Any) -> datetime | None:
    try:
        moment = parse_datetime(str(value)) if value else None
    except ValueError:  # well formed and impossible: the 31st of February
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
