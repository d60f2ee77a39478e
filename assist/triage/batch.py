"""A backlog from a file: many tickets, several at once, results in the order of the lines, resumable."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.db import connections

from helpdesk.core.errors import Invalid

from .case import parse_line
from .pipeline import Scope, analyse

AHEAD = 4  # lines read ahead per worker: enough to keep all busy, and a huge file stays on disk
MOST_ERRORS = 1000  # kept for the report


@dataclass
class Report:
    done: int = 0
    skipped: int = 0  # were in the output already
    errors: list[str] = field(default_factory=list)
    failed: int = 0


Line = tuple[int, str]


def run(source: Path, out: Path, *, workers: int, scope: Scope, progress: Callable[[int], None] | None = None) -> Report:
    """Triage every line of `source` into `out`. A line whose result `out` holds already is skipped; a bad line is reported."""
    report = Report()
    finished = _finished(out)
    scope = replace(scope, threads=False, workflow="batch")
    with source.open(encoding="utf-8", errors="replace") as lines, out.open("a", encoding="utf-8") as results:
        for position, digest, result in _results(_waiting(lines, finished, report), workers, scope):
            if isinstance(result, str):
                report.failed += 1
                if len(report.errors) < MOST_ERRORS:
                    report.errors.append(f"line {position}: {result}")
            else:
                results.write(json.dumps({**result, "input_hash": digest}, ensure_ascii=False) + "\n")
                results.flush()  # what a kill leaves behind is whole lines
                report.done += 1
            if progress:
                progress(position)
    return report


def _finished(out: Path) -> Counter[str]:
    """Hashes of the inputs whose results are there. A line that a kill cut off is cut away, and done again."""
    found: Counter[str] = Counter()
    if not out.exists():
        return found
    whole = 0
    with out.open("rb") as lines:
        for line in lines:
            try:
                found[json.loads(line)["input_hash"]] += 1
            except (ValueError, KeyError, TypeError):
                if not line.endswith(b"\n"):
                    break
            whole += len(line)
    with out.open("rb+") as file:
        file.truncate(whole)
    return found


def _waiting(lines: Iterable[str], finished: Counter[str], report: Report) -> Iterator[Line]:
    for position, line in enumerate(lines, 1):
        if not line.strip():
            continue
        digest = _digest(line)
        if finished[digest]:
            finished[digest] -= 1
            report.skipped += 1
            continue
        yield position, line


def _results(lines: Iterator[Line], workers: int, scope: Scope) -> Iterator[tuple[int, str, dict[str, Any] | str]]:
    """Each line's result, or what is wrong with the line, in order."""
    pending: deque[tuple[int, str, Future[dict[str, Any] | str]]] = deque()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for position, line in lines:
            pending.append((position, _digest(line), pool.submit(_one, line, scope)))
            if len(pending) >= workers * AHEAD:
                yield _first(pending)
        while pending:
            yield _first(pending)


def _first(pending: deque[tuple[int, str, Future[dict[str, Any] | str]]]) -> tuple[int, str, dict[str, Any] | str]:
    position, digest, future = pending.popleft()
    return position, digest, future.result()


def _one(line: str, scope: Scope) -> dict[str, Any] | str:
    try:
        return analyse(parse_line(line), scope=scope).result()
    except Invalid as error:
        fields = error.extra.get("errors")
        named = _listed(fields) if isinstance(fields, dict) else ""
        return f"{error.detail} ({named})" if named else error.detail
    finally:
        connections["default"].close()  # back to the pool, so that more workers than connections still get along


def _listed(fields: dict[str, list[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(messages)}" for name, messages in fields.items() if name != "non_field_errors")


def _digest(line: str) -> str:
    return hashlib.sha256(line.strip().encode()).hexdigest()[:16]
