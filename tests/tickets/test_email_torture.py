"""Hostile bytes: every mail is read or refused, none raises anything else, and the worst never reaches a parser in this process."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.tickets.mails import generated_mails, torture
from tickets.channels import mime, sandbox
from tickets.channels.screening import glimpse, screen

TORTURE = torture()
EXAMPLES = int(os.environ.get("MAIL_EXAMPLES", "250"))  # `make test-long` sets 10,000


@pytest.mark.parametrize("name", TORTURE)
def test_a_hostile_mail_is_read_or_refused(name: str):
    raw = TORTURE[name]
    if screen(raw).verdict == "ordinary":
        parsed = mime.parse(raw)
        assert_storable(parsed)
    glimpse(raw)


@pytest.mark.parametrize(
    "name",
    [
        "thousand nested multiparts",
        "twenty thousand parts",
        "twenty thousand parameters",
        "two thousand headers",
        "huge header",
        "endless enclosed",
    ],
)
def test_a_mail_over_the_limits_is_never_parsed(name: str):
    assert screen(TORTURE[name]).verdict == "refused"


@pytest.mark.parametrize("name", ["comments in From", "eight-bit header", "nested divs", "charset utf-7", "random bytes"])
def test_the_child_reads_like_this_process(name: str):
    assert sandbox.parse_in_child(TORTURE[name]) == mime.parse(TORTURE[name])


def test_a_reader_that_breaks_says_so_and_harms_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sandbox, "WALL_SECONDS", 0.001)
    with pytest.raises(sandbox.Unparseable, match="still not read"):
        sandbox.parse_in_child(b"From: a@b.example\n\nx")


def test_a_mail_deeper_than_it_looks_is_refused_by_the_child():
    part = b"".join(b"Content-Type:\n multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(40))
    with pytest.raises((sandbox.Unparseable, mime.TooComplex)):
        sandbox.parse_in_child(b"From: a@b.example\n" + part)


@pytest.mark.parametrize("name", [name for name in TORTURE if name.startswith("charset")])
def test_no_charset_lets_a_script_through(name: str):
    parsed = mime.parse(TORTURE[name])
    assert "<script" not in (parsed.html + parsed.text).lower()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(generated_mails())
def test_any_tree_of_parts_gives_something_that_can_be_stored(raw: bytes):
    if screen(raw).verdict != "refused":
        assert_storable(mime.parse(raw))


def assert_storable(parsed: mime.ParsedMail) -> None:
    """PostgreSQL takes it: UTF-8 without NUL; and no header carries a control character."""
    one_line = (parsed.subject, parsed.sender.name, parsed.sender.email, parsed.message_id, parsed.in_reply_to, *parsed.references)
    names = [value for file in parsed.files for value in (file.name, file.content_type, file.content_id)]
    for value in (*one_line, *names, parsed.text, parsed.html, parsed.quoted, parsed.signature):
        value.encode("utf-8")
        assert "\0" not in value
    for value in (*one_line, *names):
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in value)
