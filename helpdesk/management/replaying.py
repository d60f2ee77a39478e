"""Playing one transcript over HTTP, sentence by sentence, at the pace at which it was spoken."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import httpx2

PATIENCE = 20.0  # seconds for one answer
WORDS_A_PARTIAL = 3
Progress = Callable[[int, int], None]


class Refused(Exception):
    """The helpdesk did not take what we sent; the message says why."""


@dataclass(frozen=True)
class Transcript:
    """One file: `{"call", "segments", "expect"}` (contract section 9)."""

    name: str
    call: dict[str, Any]
    segments: list[dict[str, Any]]


def read(file: Path) -> Transcript:
    """Raises OSError, and ValueError for what is no transcript."""
    data = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or not isinstance(data.get("call"), dict) or not isinstance(data.get("segments"), list):
        raise ValueError(f"{file}: a transcript has “call” and “segments”.")
    try:
        segments = sorted(data["segments"], key=lambda one: float(one["start_time"]))
        complete = all(one["speaker"] and one["text"] for one in segments)
    except (TypeError, KeyError, ValueError) as wrong:
        raise ValueError(f"{file}: each segment needs speaker, text and start_time.") from wrong
    if not complete or not segments:
        raise ValueError(f"{file}: there is nothing said in it.")
    return Transcript(file.stem, data["call"], segments)


@dataclass(frozen=True)
class Manner:
    """How to play: times faster than spoken, with words while they are spoken, until `stop` is set."""

    speed: float
    partials: bool
    stop: Event


class Door:
    """The interface of contract section 1, as any telephony system uses it."""

    def __init__(self, url: str, key: str) -> None:
        self.base = f"{url.rstrip('/')}/api/realtime"
        self.client = httpx2.Client(headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE, trust_env=False)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Raises Refused for anything but success."""
        try:
            answer = self.client.post(f"{self.base}/{path}", json=body)
        except httpx2.HTTPError as error:
            raise Refused(f"No helpdesk answers at {self.base} ({error}). Start it with `make up`, or name it with --url.") from error
        if answer.is_error:
            raise Refused(f"{path}: {answer.status_code} {answer.text[:300]}")
        return dict(answer.json())


def play(transcript: Transcript, door: Door, manner: Manner, progress: Progress) -> dict[str, Any]:
    """The whole call; `manner.stop` ends it as abandoned. Returns the answer to its end, with `status` and how many were `heard`."""
    call_id = f"{transcript.call.get('call_id', 'replay')}-{uuid.uuid4().hex[:8]}"  # each replay is a call of its own
    session = door.post("call/start", {**transcript.call, "call_id": call_id})["session_id"]
    heard, status = 0, "abandoned"
    try:
        for _heard in _speak(transcript, door, session, manner):
            heard += 1
            progress(heard, len(transcript.segments))
        status = "abandoned" if manner.stop.is_set() else "completed"
    finally:
        ended = door.post("call/end", {"session_id": session, "status": status})
    return {**ended, "status": status, "heard": heard}


def _speak(transcript: Transcript, door: Door, session: str, manner: Manner) -> Iterator[None]:
    began = time.monotonic()
    for number, segment in enumerate(transcript.segments):
        sent = {**segment, "session_id": session, "external_id": f"replay-{number}"}
        for share, words in _partials(segment) if manner.partials else ():
            if _wait(began, _moment(segment, share), manner):
                return
            door.post("transcription", {**sent, "text": words, "is_final": False})
        if _wait(began, _moment(segment, 1.0), manner):
            return
        door.post("transcription", sent)
        yield


def _partials(segment: dict[str, Any]) -> Iterator[tuple[float, str]]:
    words = segment["text"].split()
    for count in range(WORDS_A_PARTIAL, len(words), WORDS_A_PARTIAL):
        yield count / len(words), " ".join(words[:count])


def _moment(segment: dict[str, Any], share: float) -> float:
    """Seconds into the call at which this share of a sentence has been spoken."""
    start = float(segment["start_time"])
    return start + share * max(0.0, float(segment.get("end_time", start)) - start)


def _wait(began: float, seconds: float, manner: Manner) -> bool:
    """Until that second of the call; whether we were told to stop meanwhile."""
    return manner.stop.wait(max(0.0, began + seconds / manner.speed - time.monotonic()))
