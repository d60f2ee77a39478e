"""What is different between two states of the configuration, as people read it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .exporting import canonical
from .shape import EXPERIMENTS, PROMPTS, SECTIONS

_KEYS = {section.name: section.key for section in SECTIONS} | {PROMPTS: ("name",), EXPERIMENTS: ("name",)}


@dataclass(frozen=True)
class Difference:
    """One row that is made, changed or removed; `changes` holds (field, before, after)."""

    section: str
    deed: str  # created | changed | removed
    name: str
    changes: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def where(self) -> str:
        return self.section.replace("_", " ")

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """The changes in words."""
        return [(name.replace("_", " "), _in_words(before), _in_words(after)) for name, before, after in self.changes]

    def __str__(self) -> str:
        lines = [f"{self.deed} {self.section}: {self.name}"]
        lines += [f"    {name}: {_short(before)} -> {_short(after)}" for name, before, after in self.changes]
        return "\n".join(lines)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """Between two exports."""
    found = []
    for section, rows in after["sections"].items():
        old, new = _keyed(section, before["sections"][section]), _keyed(section, rows)
        found += [Difference(section, "created", _name(key)) for key in new if key not in old]
        found += [
            Difference(section, "changed", _name(key), tuple(_changes(old[key], row)))
            for key, row in new.items()
            if key in old and old[key] != row
        ]
        found += [Difference(section, "removed", _name(key)) for key in old if key not in new]
    return found


def _keyed(section: str, rows: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """By key and occurrence: rows of one name are told apart by their order."""
    seen: Counter[str] = Counter()
    keyed = {}
    for row in rows:
        key = canonical([row.get(name) for name in _KEYS.get(section, ())])
        keyed[(key, seen[key])] = row
        seen[key] += 1
    return keyed


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, value in new.items():
        if old.get(name) != value:
            yield name, old.get(name), value


def _name(key: tuple[str, int]) -> str:
    return " / ".join(_plain(part) for part in json.loads(key[0]) if part not in (None, "")) or "–"


def _plain(part: Any) -> str:
    return ", ".join(map(str, part)) if isinstance(part, list) else str(part)


def _in_words(value: Any) -> str:
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return ", ".join(map(str, value))
    return canonical(value) if isinstance(value, list | dict) else str(value)


def _short(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= 120 else f"{text[:120]}…"  # noqa: PLR2004 - a line of a terminal
