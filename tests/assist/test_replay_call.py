"""`manage.py replay_call`: transcripts of our own, played as any telephony system would."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from helpdesk.core.models import ApiKey
from helpdesk.demo import source
from helpdesk.management import replaying
from helpdesk.management.stack.ports import running_at

CALLS = sorted((source.HERE / "calls").glob("*.json"))


class Desk:
    """Speaks contract section 1, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any], str]] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                desk.told.append((self.path.removeprefix("/api/realtime/"), body, self.headers["Authorization"]))
                answer = json.dumps({"status": "success", "session_id": "s-1", "ticket_id": "TKT-20261125-0001"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def said(self, *, final: bool = True) -> list[str]:
        return [body["text"] for path, body, _key in self.told if path == "transcription" and body.get("is_final", True) is final]


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.server.shutdown()
    desk.server.server_close()


def test_there_are_eight_transcripts_and_each_expects_an_article_that_exists() -> None:
    slugs = {article.slug for article in source.articles()}
    assert len(CALLS) >= 8
    expected = []
    for path in CALLS:
        data = json.loads(path.read_text())
        transcript = replaying.read(path)
        expected.append(data["expect"]["article"])
        assert {one["speaker"] for one in transcript.segments} == {"customer", "agent", "system"}
        assert all(one["end_time"] > one["start_time"] for one in transcript.segments)
        assert [one["start_time"] for one in data["segments"]] == [one["start_time"] for one in transcript.segments]
    assert set(expected) <= slugs
    assert len(set(expected)) == len(CALLS)


@pytest.mark.django_db
def test_a_transcript_is_played_in_order_with_partials_and_ended(desk: Desk) -> None:
    call_command("replay_call", CALLS[0], url=desk.url, speed=1000, partials=True)
    written = [one["text"] for one in json.loads(CALLS[0].read_text())["segments"]]
    assert desk.said() == written
    assert desk.said(final=False)
    assert (desk.told[0][0], desk.told[-1][0], desk.told[-1][1]["status"]) == ("call/start", "call/end", "completed")
    assert not ApiKey.objects.live().exists()  # the key of its own is revoked


@pytest.mark.django_db
def test_several_calls_go_on_at_once_under_a_given_key(desk: Desk) -> None:
    call_command("replay_call", *CALLS[:3], url=desk.url, key="hd_given", speed=1000)
    assert len({body["call_id"] for path, body, _key in desk.told if path == "call/start"}) == 3
    assert {key for _path, _body, key in desk.told} == {"Bearer hd_given"}
    assert not ApiKey.objects.exists()


def test_told_to_stop_it_hangs_up_as_abandoned(desk: Desk) -> None:
    stop = threading.Event()
    manner = replaying.Manner(speed=1000, partials=False, stop=stop)
    ended = replaying.play(
        replaying.read(CALLS[0]), replaying.Door(desk.url, "k"), manner, lambda done, _of: stop.set() if done == 3 else None
    )
    assert (ended["status"], ended["heard"], desk.told[-1][1]["status"]) == ("abandoned", 3, "abandoned")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["{", "[]", '{"call": {}}', '{"call": {}, "segments": []}', '{"call": {}, "segments": [{"text": "x"}]}'])
def test_what_is_no_transcript_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(CommandError):
        call_command("replay_call", file, url="http://127.0.0.1:9")


def test_it_finds_the_helpdesk_that_runs_here_and_no_other(tmp_path: Path) -> None:
    assert running_at(tmp_path) == ""
    lock = tmp_path / "up.lock"
    lock.write_text("process 1, http://127.0.0.1:8322\n")
    assert running_at(tmp_path) == ""  # it ended and left its note
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert running_at(tmp_path) == "http://127.0.0.1:8322"
