"""Times and lengths as people write and read them in the settings: "09:00–12:30, 13:30–17:00", "1 h 30"."""

from __future__ import annotations

import re

_STRETCH = re.compile(r"^(\d{1,2})[:.](\d{2})\s*[-–—]\s*(\d{1,2})[:.](\d{2})$")
_LENGTH = re.compile(r"^(?:(\d{1,5})\s*h(?:ours?)?)?\s*(?:(\d{1,6})\s*(?:m|min|minutes?)?)?$", re.IGNORECASE)
HOUR = 60
LAST_MINUTE = 59


def stretches(text: str) -> list[list[int]]:
    """The open stretches of a day in minutes. Raises ValueError for what is no time of day."""
    found = []
    for part in filter(None, (one.strip() for one in re.split(r"[,;]", text))):
        match = _STRETCH.match(part)
        if match is None or int(match[2]) > LAST_MINUTE or int(match[4]) > LAST_MINUTE:
            raise ValueError(part)
        found.append([int(match[1]) * HOUR + int(match[2]), int(match[3]) * HOUR + int(match[4])])
    return found


def day_text(day: list[list[int]]) -> str:
    return ", ".join(f"{_clock(opens)}–{_clock(closes)}" for opens, closes in day)


def _clock(minutes: int) -> str:
    return f"{minutes // HOUR:02}:{minutes % HOUR:02}"


def minutes(text: str) -> int | None:
    """ "2 h", "1 h 30", "45 min", "90" in minutes; None for nothing. Raises ValueError for anything else."""
    if not text.strip():
        return None
    match = _LENGTH.match(text.strip())
    if match is None or not (match[1] or match[2]):
        raise ValueError(text)
    return int(match[1] or 0) * HOUR + int(match[2] or 0)


def length_text(length: int | None) -> str:
    """A number of minutes as `minutes` reads it."""
    if length is None:
        return ""
    hours, rest = divmod(length, HOUR)
    return f"{rest} min" if not hours else f"{hours} h" if not rest else f"{hours} h {rest}"
