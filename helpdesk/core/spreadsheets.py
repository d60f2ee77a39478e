"""Lists for spreadsheets, in which nothing runs: a cell that a spreadsheet would take for a formula begins with an apostrophe (T38)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

RISKY = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # and their full-width twins


def harmless(cell: Any) -> str:
    """The cell as text that stays text."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(("\t", "\r")) or text.strip().startswith(RISKY) else text


def download(name: str, head: list[str], rows: Iterable[Iterable[Any]]) -> HttpResponse:
    """`name`.csv for a browser to keep."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})
    write = csv.writer(answer)
    write.writerow(head)
    write.writerows([harmless(cell) for cell in row] for row in rows)
    return answer
