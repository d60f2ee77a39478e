"""How often search finds the right article: recall, rank, what would be shown, and how long it takes (contract section 9)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils.text import slugify

from helpdesk.core.errors import Invalid
from helpdesk.core.jsonlines import read_lines
from knowledge import cases, indexing, reading, search
from knowledge.calibration import probability
from knowledge.fusion import Band, band
from knowledge.models import Article, Category

from .charts import calibration_error
from .holdout import SEED, Part, within
from .scratch import analyse, copy_company, scratch

NDCG_DEPTH = 10
Progress = Callable[[str, int, int], None]  # what, how many done, of how many


@dataclass(frozen=True)
class Item:
    """One question's outcome. `rank` counts from 1; None: not found, or nothing was to be found."""

    id: str
    rank: int | None
    shown: bool
    confidence: float
    correct: bool
    answerable: bool
    ms: float


def evaluate(
    dataset: Path,
    *,
    articles: Path,
    cases_file: Path | None = None,
    first_cases: int | None = None,
    turns: int = 0,
    part: Part = Part.ALL,
    seed: str = SEED,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Index the articles, remember the cases, ask every question of the part; nothing of it stays. Raises Invalid for a malformed file."""
    tell = progress or (lambda what, done, of: None)
    rows = ({"id": number, **row} for number, row in enumerate(read_lines(dataset), 1))
    questions = [row for row in rows if within(part, str(row["id"]), seed)]
    with scratch():
        known = _load_articles(articles_in(articles), tell)
        if cases_file:
            _load_cases(list(islice(read_lines(cases_file), first_cases)), known, tell)
        analyse()
        items = list(_ask_all(questions, turns, {article.pk: slug for slug, article in known.items()}, tell))
    return summarise(items)


def evaluate_own(*, progress: Progress | None = None) -> dict[str, Any]:
    """The company's own solved work: each case of the frozen hold-out is asked, with the others as the memory. Nothing is changed."""
    tell = progress or (lambda what, done, of: None)
    with scratch():
        held_out = copy_company()
        analyse()
        names = dict(Article.objects.values_list("pk", "slug"))
        rows = [
            {
                "id": f"{case.source_kind} {case.source_id}",
                "query": case.text,
                "article": names.get(case.article_id) if case.article_id else None,
            }
            for case in held_out
        ]
        items = list(_ask_all(rows, 0, names, tell))
    return summarise(items)


def articles_in(path: Path) -> list[dict[str, Any]]:
    """The articles of a JSON-lines file, or of whatever else `import_articles` reads; internal ones are left out. Raises Invalid."""
    if path.suffix == ".jsonl":
        return list(read_lines(path))
    entries = [entry for entry in reading.read(path) if not entry.problem and entry.audience == Article.Audience.PUBLIC]
    return [
        {"slug": entry.slug, "title": entry.title, "body": entry.body, "category": entry.category, "keywords": list(entry.keywords)}
        for entry in entries
    ]


def load(articles: Sequence[dict[str, Any]], past: Sequence[dict[str, Any]], tell: Progress) -> None:
    """Fill the scratch store, for other tasks that search it."""
    known = _load_articles(articles, tell)
    _load_cases(past, known, tell)


def _load_articles(rows: Sequence[dict[str, Any]], tell: Progress) -> dict[str, Article]:
    categories: dict[str, Category] = {}
    known: dict[str, Article] = {}
    for row in rows:
        name = str(row.get("category") or "")
        if name and name not in categories:
            categories[name] = Category(slug=slugify(name)[:60] or f"category-{len(categories)}", name=name[:100])
        known[row["slug"]] = Article(
            slug=row["slug"],
            title=row["title"],
            body=row["body"],
            category=categories.get(name),
            keywords=row.get("keywords", []),
            status=Article.Status.PUBLISHED,
        )
    Category.objects.bulk_create(categories.values())
    Article.objects.bulk_create(known.values())
    done = 0
    for start in range(0, len(rows), indexing.AT_ONCE):
        indexing.index_articles(list(known.values())[start : start + indexing.AT_ONCE])
        done = min(len(rows), start + indexing.AT_ONCE)
        tell("articles", done, len(rows))
    return known


def _load_cases(rows: Sequence[dict[str, Any]], known: dict[str, Article], tell: Progress) -> None:
    for start in range(0, len(rows), cases.AT_ONCE):
        batch = rows[start : start + cases.AT_ONCE]
        cases.remember(
            cases.Solved(
                ("evaluation", str(row.get("id", start + number))),
                cases.case_text("", _turns(row)),
                cases.case_text("", _turns(row), cases.OPENING_TURNS),
                article=known.get(row.get("article") or ""),
            )
            for number, row in enumerate(batch)
        )
        tell("cases", min(len(rows), start + len(batch)), len(rows))


def _turns(row: dict[str, Any]) -> list[str]:
    return list(row["turns"]) if "turns" in row else [str(row["text"])]


def _ask_all(questions: Sequence[dict[str, Any]], turns: int, names: dict[UUID, str], tell: Progress) -> Iterable[Item]:
    among = Article.objects.published()
    for number, row in enumerate(questions, 1):
        started = time.perf_counter()
        ranked, _ = search.rank(search.ask(asked(row, turns), among=among), among=among)
        ms = (time.perf_counter() - started) * 1000
        yield judge(str(row["id"]), [names[one.article_id] for one in ranked], ranked[0].confidence if ranked else 0.0, _right(row), ms)
        tell("questions", number, len(questions))


def asked(row: dict[str, Any], turns: int) -> str:
    """The question of a row: its query, or the customer's first `turns` turns (0: all) joined."""
    if "turns" in row:
        return "\n".join(row["turns"][:turns] if turns else row["turns"])
    if "query" not in row:
        raise Invalid("Every row of the dataset needs `query` or `turns`.")
    return str(row["query"])


def _right(row: dict[str, Any]) -> set[str]:
    article = row.get("article")
    return {article} if isinstance(article, str) else set(article or ())


def judge(id: str, ranked: Sequence[str], confidence: float, right: set[str], ms: float = 0.0) -> Item:
    rank = next((place for place, slug in enumerate(ranked, 1) if slug in right), None)
    return Item(id, rank, band(confidence) is Band.SHOW, round(confidence, 4), rank == 1, bool(right), ms)


def summarise(items: Sequence[Item]) -> dict[str, Any]:
    """The contract's figures. Rows without an answer count only in `shown` and `shown_precision`."""
    answerable = [item for item in items if item.answerable]
    shown = [item for item in items if item.shown]
    count = max(1, len(answerable))
    return {
        "n": len(items),
        **{f"recall_at_{k}": _share(sum(item.rank is not None and item.rank <= k for item in answerable), count) for k in (1, 3, 5)},
        "mrr": round(sum(1 / item.rank for item in answerable if item.rank) / count, 4),
        "ndcg_at_10": round(sum(1 / math.log2(item.rank + 1) for item in answerable if item.rank and item.rank <= NDCG_DEPTH) / count, 4),
        "shown": _share(len(shown), max(1, len(items))),
        "shown_precision": _share(sum(item.correct for item in shown), max(1, len(shown))),
        "latency_ms": {"p50": percentile([item.ms for item in items], 0.5), "p95": percentile([item.ms for item in items], 0.95)},
        "calibration_error": round(calibration_error([(probability(item.confidence), item.correct) for item in answerable]), 4),
        "no_answer": {"n": len(items) - len(answerable), "shown": sum(item.shown for item in items if not item.answerable)},
        "items": [
            {"id": item.id, "rank": item.rank, "shown": item.shown, "confidence": item.confidence, "correct": item.correct}
            for item in items
        ],
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else 0.0
