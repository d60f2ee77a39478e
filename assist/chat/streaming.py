"""A model's answer on its way to the visitor: whole sentences, each checked before anybody reads it.

What is shown is what would be said if the model stopped here: the guards of the whole answer are asked of each beginning of it. Each frame
carries all of that, so a lost one does no harm; the line that is stored takes its place, whether the model's or the local engine's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from pydantic import ValidationError

from assist.copilot.grounding import Sentence
from assist.models import ChatSession
from helpdesk.core import realtime

_ANSWERS = re.compile(r'"can_answer"\s*:\s*true')
_TOOL = re.compile(r'"tool"\s*:\s*\{')
_SENTENCES = re.compile(r'"sentences"\s*:\s*\[')
_BETWEEN = " \t\r\n,"
_decoder = json.JSONDecoder(strict=False)


class Telling:
    """Hears what a model has said so far (the beginning of a JSON object) and shows of it what `stands`: "" is not shown."""

    def __init__(self, session: ChatSession, stands: Callable[[list[Sentence]], str]) -> None:
        self._session, self._stands = session, stands
        self._shown = 0  # sentences

    def __call__(self, said: str) -> None:
        found = sentences(said)
        if len(found) <= self._shown:
            return
        self._shown = len(found)
        if text := self._stands(found):
            frame = {"type": "typing", "who": "assistant", "content": text, "session_id": self._session.session_id}
            realtime.tell_now(self._session.group, {"type": "chat.frame", "session": str(self._session.pk), "frame": frame})


def sentences(said: str) -> list[Sentence]:
    """Those that are whole in the beginning of an answer; none of one that is no answer, or that asks for a tool."""
    begins = _SENTENCES.search(said)
    if begins is None or not _ANSWERS.search(said) or _TOOL.search(said):
        return []
    found, at = [], begins.end()
    while True:
        while at < len(said) and said[at] in _BETWEEN:
            at += 1
        try:
            value, at = _decoder.raw_decode(said, at)
            found.append(Sentence.model_validate(value))
        except (ValueError, ValidationError):  # it goes on, or has ended
            return found
