"""Patterns that a company writes, searched by RE2: its time grows with the text's length alone, whatever the pattern (google-re2, BSD-3).

What RE2 has not, it refuses when the pattern is saved: look-around and back-references, the very things that can take for ever.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Protocol

import re2

MEMORY = 8 << 20  # bytes of one compiled pattern and its search
_EDGE = re.compile(r"[^\x00-\x7f]\\[bB]|\\[bB][^\x00-\x7f]")  # RE2's \b knows the letters a to z; beside others it would never hold


class Unsearchable(ValueError):
    """No pattern, or one that RE2 does not search."""


class Pattern(Protocol):
    def search(self, text: str) -> object | None: ...


def searchable(pattern: str) -> Pattern:
    """Ready to search with, capitals or not. Raises Unsearchable, which says why."""
    if found := _EDGE.search(pattern):
        raise Unsearchable(f"{found[0]}: \\b only knows the letters a to z; leave it out beside others")
    try:
        compiled: Pattern = re2.compile(pattern, _options())
    except re2.error as error:
        why = error.args[0] if error.args else ""
        raise Unsearchable(why.decode(errors="replace") if isinstance(why, bytes) else str(why)) from error
    return compiled


@cache
def _options() -> object:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False  # they are raised
    options.max_mem = MEMORY
    return options
