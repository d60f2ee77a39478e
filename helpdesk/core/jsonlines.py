"""JSON Lines in, with the number of the line in every complaint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpdesk.core.errors import Invalid


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every object of a JSON Lines file. Raises Invalid, naming file and line, for anything else."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise Invalid(f"{path.name}, line {number}: not JSON ({error.msg})") from error
            if not isinstance(row, dict):
                raise Invalid(f"{path.name}, line {number}: not a JSON object")
            yield row
