"""The plain forms in which people say things (`data/patterns.json`): each a name and its alternatives, read without regard to case."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@cache
def data(name: str) -> Any:
    """One of the package's own data files."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@cache
def pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(data("patterns")[name]), re.IGNORECASE | re.DOTALL)
