"""The transcript as lines on screen: what was said, with what was recognised and felt, and the notes that stamp a moment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assist.models import CallNote, CallSession, TranscriptionSegment
from helpdesk.core.models import User

from . import risk

MOST_LINES = 2000
SIDES = {"customer": "c", "agent": "a", "system": "s"}


@dataclass
class Line:
    """One line of the transcript: spoken words, or a stamp."""

    key: str
    side: str  # c customer, a agent, s system, n note, w whisper
    who: str | Promise
    at: float = 0.0
    text: str = ""
    pieces: list[tuple[str, bool]] = field(default_factory=list)  # (words, is an entity)
    partial: bool = False
    mood: str = ""  # angry | tense | happy; "" where there is nothing to say


def lines_of(call: CallSession, viewer: User, *, caller: str, agent: str) -> list[Line]:
    """What was said and what was noted, by time. Whispers only for those who whisper and who is whispered to."""
    names: dict[str, str | Promise] = {"c": caller, "a": agent, "s": _("System")}
    segments = TranscriptionSegment.objects.filter(session=call).in_order()[:MOST_LINES]
    values = entity_values(call)
    felt = {point["id"]: risk.face_of(point["frustration"], point["polarity"]) for point in (call.mood or {}).get("points", ())}
    spoken = [_spoken(segment, names, values, felt.get(segment.pk, "")) for segment in segments]
    stamps = CallNote.objects.filter(session=call).select_related("author")
    if not (call.agent_id == viewer.pk or viewer.oversees or viewer.role == User.Role.LEAD):
        stamps = stamps.exclude(kind=CallNote.Kind.WHISPER)
    return sorted([*spoken, *(stamp_line(stamp) for stamp in stamps)], key=lambda line: line.at)


def stamp_line(stamp: CallNote) -> Line:
    who = stamp.author.first_name if stamp.author else str(_("Note"))
    if stamp.kind == CallNote.Kind.SAID:
        who = str(_("%(name)s used")) % {"name": who}
    elif stamp.kind == CallNote.Kind.WHISPER:
        who = str(_("%(name)s whispers")) % {"name": who}
    side = "w" if stamp.kind == CallNote.Kind.WHISPER else "n"
    return Line(f"note-{stamp.pk}", side, who, stamp.at, stamp.text, [(stamp.text, False)])


def entity_values(call: CallSession) -> list[str]:
    """What is underlined, longest first, so that "Driver app 7.4.1" wins over "app"."""
    return sorted({str(row.get("value", "")) for row in call.entities if len(str(row.get("value", ""))) > 1}, key=len, reverse=True)


def pieces_of(text: str, values: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in pieces, entities apart. call-lines.js does the same for what comes later."""
    if not values:
        return [(text, False)]
    parts = re.split(f"({'|'.join(re.escape(value) for value in values)})", text, flags=re.IGNORECASE)
    return [(part, n % 2 == 1) for n, part in enumerate(parts) if part]


def _spoken(segment: TranscriptionSegment, names: Mapping[str, str | Promise], values: Sequence[str], mood: str) -> Line:
    side = SIDES.get(segment.speaker, "s")
    pieces = pieces_of(segment.text, values if side == "c" else ())
    return Line(f"seg-{segment.pk}", side, names[side], segment.start_time, segment.text, pieces, mood="" if mood == "neutral" else mood)
