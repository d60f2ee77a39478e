"""A list of words, typed with commas between."""

from __future__ import annotations

import re
from typing import Any

from django import forms

MOST, LONGEST = 30, 60


class WordsField(forms.CharField):
    """Reads and shows a list of lower-case words; each once, in the order of the alphabet."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 600, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return value
        found = {one.strip().lower()[:LONGEST] for one in re.split(r"[,;\n]", super().to_python(value) or "")}
        return sorted(filter(None, found))[:MOST]

    def validate(self, value: Any) -> None:
        return

    def run_validators(self, value: Any) -> None:
        return

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != list(initial or [])
