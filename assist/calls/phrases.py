"""Phrases that mean something in a call, by name: `data/phrases.json`. Each is a list of regular expressions."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@cache
def pattern(name: str) -> re.Pattern[str]:
    """One expression that finds any of these phrases; of an empty list, none."""
    phrases = _all()[name]
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases) or r"(?!)", re.IGNORECASE)


def says(name: str, text: str) -> bool:
    return bool(pattern(name).search(text))


def what_follows(name: str, text: str) -> str:
    """What the phrase's group caught: of "I'll send it today", "send it today". Empty when it is not said."""
    match = pattern(name).search(text)
    return next((group for group in match.groups() if group), "") if match else ""


@cache
def _all() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((DATA / "phrases.json").read_text(encoding="utf-8"))
    return found
