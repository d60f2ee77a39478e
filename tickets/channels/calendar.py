"""An invitation in words: the few lines of an iCalendar part that a reader needs."""

from __future__ import annotations

import re

from .charsets import clean_line

LONGEST = 100_000  # characters read
_WANTED = {"SUMMARY": "", "DTSTART": "When: ", "DTEND": "Until: ", "LOCATION": "Where: ", "ORGANIZER": "From: "}
_STAMP = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{0,2}(Z?))?$")
_KINDS = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation", "COUNTER": "Another time proposed"}


def summarise(ics: str) -> str:
    """Lines such as "Invitation: Go-live call" and "When: 2026-12-01 14:00 UTC"; "" when no event is in it."""
    lines = re.sub(r"\r?\n[ \t]", "", ics[:LONGEST]).splitlines()
    fields: dict[str, str] = {}
    inside = False
    for line in lines:
        name, _, value = line.partition(":")
        key = name.partition(";")[0].strip().upper()
        if key == "BEGIN":
            inside = inside or value.strip().upper() == "VEVENT"
        if (key == "METHOD" or inside) and key not in fields:
            fields[key] = _zoned(name, clean_line(value.replace("\\n", " ").replace("\\,", ",").replace("\\;", ";"))[:300])
    if not inside:
        return ""
    kind = _KINDS.get(fields.get("METHOD", "").upper(), "Event")
    said = [f"{kind}: {fields.get('SUMMARY', '')}".rstrip(": ")]
    return "\n".join(said + [label + fields[key].removeprefix("mailto:") for key, label in _WANTED.items() if label and fields.get(key)])


def _zoned(name: str, value: str) -> str:
    """ "20261201T140000Z" and "DTSTART;TZID=Europe/Berlin" as people write them; other values as they are."""
    stamp = _STAMP.match(value)
    if not stamp:
        return value
    year, month, day, hour, minute, utc = stamp.groups()
    zone = re.search(r"TZID=\"?([^;:\"]{1,60})", name, re.IGNORECASE)
    time = f" {hour}:{minute}" if hour else ""
    return f"{year}-{month}-{day}{time}" + (" UTC" if utc else f" ({zone[1]})" if zone and hour else "")
