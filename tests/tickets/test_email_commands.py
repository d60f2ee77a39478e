"""`receive_mail` and `fetch_mail`: what an MTA's pipe and a mailbox hand over is stored, or asked for again."""

from __future__ import annotations

import io
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from helpdesk.management.commands import receive_mail
from tests.tickets.mails import fixture, mail, read_stored
from tickets.channels import imap
from tickets.models import ImapMailbox, Message, Queue, RawMail

pytestmark = pytest.mark.django_db


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command with these bytes on standard input; returns its exit code and what it said."""

    def run(raw: bytes, *options: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        said = io.StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("receive_mail", *options, stderr=said)
        return int(ended.value.code or 0), said.getvalue()

    return run


def test_a_piped_mail_is_stored_and_the_exit_code_says_so(pipe: Any, support: Queue, billing: Queue):
    assert pipe(fixture("plain"), "--queue", "billing") == (0, "")
    read_stored()
    assert Message.objects.get().ticket.queue == billing


@pytest.mark.parametrize("error", [OperationalError("gone"), OSError("no space"), RuntimeError("a bug")])
def test_what_could_not_be_stored_is_asked_for_again(pipe: Any, support: Queue, monkeypatch: pytest.MonkeyPatch, error: Exception):
    def fail(*_args: object, **_kwargs: object) -> None:
        raise error

    monkeypatch.setattr(receive_mail, "store", fail)
    code, said = pipe(mail())
    assert code == 75
    assert said.count("\n") == 1 and "Traceback" not in said


def test_an_unknown_queue_is_a_setting_to_mend_and_the_mail_waits(pipe: Any, support: Queue):
    assert pipe(mail(), "--queue", "no-such-queue")[0] == 75
    assert not RawMail.objects.exists()


def test_a_piped_mail_over_the_limit_is_refused_for_good(pipe: Any, support: Queue, settings: Any):
    settings.MAIL_LARGEST = 1000
    assert pipe(b"x" * 2000)[0] == 65


# -- IMAP ------------------------------------------------------------------------------------------------------


class Mailbox(socketserver.ThreadingTCPServer):
    """Just enough of an IMAP server: one folder, its mails by UID, and their flags."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mails: dict[int, bytes] = {}
        self.flags: dict[int, set[str]] = {}
        self.validity = 1
        self.drop_at_fetch_of = 0

    def put(self, uid: int, raw: bytes, *flags: str) -> None:
        self.mails[uid], self.flags[uid] = raw, set(flags)


class Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.say(b"* OK ready")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            name, _, rest = command.partition(" ")
            if not self.answer(name.upper(), rest):
                return
            self.say(f"{tag} OK done".encode())

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def answer(self, name: str, rest: str) -> bool:
        if name == "CAPABILITY":
            self.say(b"* CAPABILITY IMAP4rev1")
        elif name == "SELECT":
            self.say(f"* {len(self.server.mails)} EXISTS".encode())
        elif name == "STATUS":
            self.say(f'* STATUS "INBOX" (UIDVALIDITY {self.server.validity})'.encode())
        elif name == "UID":
            return self.uid(*rest.split(" ", 1))
        return True

    def uid(self, name: str, rest: str) -> bool:
        server = self.server
        if name.upper() == "SEARCH":
            unseen = [uid for uid, flags in server.flags.items() if not flags & {"\\Seen", "\\Flagged"}]
            found = unseen if "UNSEEN" in rest else list(server.mails)
            self.say(f"* SEARCH {' '.join(map(str, found))}".strip().encode())
        elif name.upper() == "FETCH":
            uid = int(rest.split(" ", maxsplit=1)[0])
            if uid == server.drop_at_fetch_of:
                return False
            raw = server.mails[uid]
            self.wfile.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        elif name.upper() == "STORE":
            uid, flags = int(rest.split(" ", maxsplit=1)[0]), rest.partition("(")[2].rstrip(")")
            server.flags[uid] |= set(flags.split())
        return True


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with Mailbox() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.IMAP_URLS = [f"imap://desk:secret@127.0.0.1:{server.server_address[1]}/INBOX?queue=billing"]
        yield server
        server.shutdown()


def test_unread_mail_is_taken_into_its_queue_and_marked(mailbox: Mailbox, support: Queue, billing: Queue):
    mailbox.put(1, fixture("plain"))
    mailbox.put(2, mail("old"), "\\Seen")
    assert [one.stored for one in imap.fetch_all()] == [1]
    assert RawMail.objects.get().queue == billing
    assert mailbox.flags[1] == {"\\Seen"}


def test_mail_that_someone_read_between_two_polls_is_not_lost(mailbox: Mailbox, support: Queue, billing: Queue):
    mailbox.put(1, mail("one"))
    imap.fetch_all()
    mailbox.put(2, mail("two"), "\\Seen")
    imap.fetch_all()
    assert RawMail.objects.count() == 2


def test_a_renumbered_mailbox_doubles_nothing(mailbox: Mailbox, support: Queue, billing: Queue):
    mailbox.put(1, fixture("plain"))
    imap.fetch_all()
    mailbox.validity, mailbox.mails, mailbox.flags = 2, {7: fixture("plain")}, {7: set()}
    imap.fetch_all()
    assert RawMail.objects.count() == 1
    assert ImapMailbox.objects.get().uid_validity == 2


def test_a_mail_that_was_not_stored_stays_unread(mailbox: Mailbox, support: Queue, billing: Queue, monkeypatch: pytest.MonkeyPatch):
    def away(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("gone")

    mailbox.put(1, fixture("plain"))
    monkeypatch.setattr(imap, "store", away)
    with pytest.raises(OperationalError):
        imap.fetch_all()
    monkeypatch.undo()
    assert mailbox.flags[1] == set()
    imap.fetch_all()
    assert RawMail.objects.count() == 1


def test_a_connection_lost_in_the_middle_loses_and_doubles_nothing(mailbox: Mailbox, support: Queue, billing: Queue):
    for uid in (1, 2, 3):
        mailbox.put(uid, mail(f"mail {uid}", message_id=f"{uid}@x.example"))
    mailbox.drop_at_fetch_of = 2
    assert imap.fetch_all()[0].error
    mailbox.drop_at_fetch_of = 0
    imap.fetch_all()
    assert RawMail.objects.count() == 3
    assert ImapMailbox.objects.get().error == ""


def test_a_mail_over_the_limit_is_flagged_for_a_person(mailbox: Mailbox, support: Queue, billing: Queue, settings: Any):
    settings.MAIL_LARGEST = 100
    mailbox.put(1, mail("x" * 200))
    imap.fetch_all()
    assert mailbox.flags[1] == {"\\Flagged"}


def test_a_mailbox_that_does_not_answer_is_noted_and_stops_no_other(mailbox: Mailbox, support: Queue, billing: Queue, settings: Any):
    mailbox.put(1, fixture("plain"))
    settings.IMAP_URLS = ["imap://desk:secret@127.0.0.1:1/INBOX", *settings.IMAP_URLS]
    first, second = imap.fetch_all()
    assert first.error and second.stored == 1
    said = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("fetch_mail", stdout=said)
    assert ended.value.code == 1
    assert "secret" not in said.getvalue()
