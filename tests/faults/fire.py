"""What the fault tests need: many mail clients that behave as MTAs do, a mail server that counts, and a look into the database.

The promise under test is `acknowledged ⊆ stored`, `stored = tickets in the end`, each exactly once. So a client keeps the
ids that were answered with 250, sends everything else again until it is, and the count is done on the rows themselves.
"""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from helpdesk.core.embedded import layout
from tests.plugins.stack import Stack

# Seconds, where production waits longer only so as not to disturb what is still running (helpdesk/settings/jobs.py).
IMPATIENT = {"EVENT_SWEEP_AFTER_SECONDS": "3", "EVENT_LEASE_SECONDS": "8", "MAIL_CHECK_SENDERS": "0", "LOG_LEVEL": "WARNING"}


@dataclass
class Sent:
    """What the clients know: `acked` was answered with 250, `refused` counts every other answer and every lost line."""

    acked: set[str] = field(default_factory=set)
    refused: int = 0
    permanent: list[str] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def note(self, message_id: str, answer: tuple[int, bytes] | None) -> bool:
        with self._lock:
            self.tried.add(message_id)
            if answer and answer[0] == 250:
                self.acked.add(message_id)
                return True
            self.refused += 1
            if answer and answer[0] >= 500:
                self.permanent.append(f"{message_id}: {answer!r}")
            return False


class Clients:
    """LMTP clients, each sending numbered mails until the block ends; what is not acknowledged is sent again."""

    def __init__(self, address: tuple[str, int], *, clients: int = 8, mails: int = 10_000, pause: float = 0.25) -> None:
        self.address, self.mails, self.pause = address, mails, pause
        self.sent = Sent()
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._send_all, args=(n,), daemon=True) for n in range(clients)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._enough.set()
        self.finish()

    def finish(self, patience: float = 90) -> Sent:
        """Until every mail that was begun is acknowledged, as an MTA's queue would have it."""
        self._enough.set()
        give_up = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.1, give_up - time.monotonic()))
        assert not any(thread.is_alive() for thread in self._threads), f"mail is still refused after {patience:.0f} s: {self.sent}"
        return self.sent

    def wait_for(self, acked: int, patience: float = 60) -> None:
        give_up = time.monotonic() + patience
        while len(self.sent.acked) < acked:
            assert time.monotonic() < give_up, f"{len(self.sent.acked)} of {acked} mails taken after {patience:.0f} s"
            time.sleep(0.02)

    def _send_all(self, client: int) -> None:
        for number in range(self.mails):
            if self._enough.is_set():
                return
            self._send_until_taken(f"c{client}-{number}-{id(self)}@sender.example")
            time.sleep(self.pause)

    def _send_until_taken(self, message_id: str) -> None:
        while not self.sent.note(message_id, send_by_lmtp(self.address, letter(message_id))):
            time.sleep(0.2)


def letter(message_id: str, body: str = "It stops at 80 percent, and nothing is saved.", **headers: str) -> bytes:
    name = message_id.partition("@")[0]
    fields = {"From": f"{name}@people.example", "To": "support@fernway.example", "Subject": f"Export fails {name}"} | headers
    head = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
    return f"Message-ID: <{message_id}>\r\n{head}\r\n{body}\r\n".encode()


def send_by_lmtp(address: tuple[str, int], mail: bytes) -> tuple[int, bytes] | None:
    """One mail on a line of its own; the answer to its DATA, or None when the line broke or nobody was there."""
    try:
        with smtplib.LMTP(*address, timeout=30) as line:  # type: ignore[arg-type]
            line.ehlo_or_helo_if_needed()
            line.mail("sender@people.example")
            line.rcpt("support@fernway.example")
            return line.data(mail)
    except smtplib.SMTPResponseException as refusal:
        return refusal.smtp_code, refusal.smtp_error  # type: ignore[return-value]
    except (smtplib.SMTPException, OSError):
        return None


class Sink:
    """A real SMTP server that keeps what it was given, and counts Message-IDs."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []  # (recipient, mail)
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port(), server_kwargs={"enable_SMTPUTF8": True})

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.mails += [(recipient, bytes(envelope.original_content or b"")) for recipient in envelope.rcpt_tos]
        return "250 Taken"

    def __enter__(self) -> Sink:
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._controller.stop()

    @property
    def host(self) -> str:
        return str(self._controller.hostname)

    @property
    def port(self) -> int:
        return int(self._controller.port)

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    def counted(self) -> Counter[tuple[str, str]]:
        """How often each (recipient, Message-ID) came."""
        return Counter((recipient, str(message_from_bytes(mail)["Message-ID"])) for recipient, mail in self.mails)


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def database(stack: Stack, role: str = "helpdesk") -> Iterator[psycopg.Connection[Any]]:
    """A line of our own into the stack's PostgreSQL."""
    with psycopg.connect(host=str(layout(stack.data_dir).sockets), dbname="helpdesk", user=role, autocommit=True) as line:
        yield line


def rows(stack: Stack, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with database(stack) as line:
        return line.execute(sql, values).fetchall()  # type: ignore[call-overload,no-any-return]


def count(stack: Stack, sql: str, *values: object) -> int:
    return int(rows(stack, sql, *values)[0][0])


def unfinished(stack: Stack) -> int:
    """Mails that are no message yet, and events that somebody still has to deal with. Patient with a server that is away."""
    try:
        return count(
            stack,
            "SELECT (SELECT count(*) FROM tickets_rawmail WHERE state = 'stored')"
            " + (SELECT count(*) FROM core_receipt WHERE done_at IS NULL AND failed_at IS NULL)",
        )
    except psycopg.OperationalError:
        return -1


def assert_all_there(stack: Stack, sent: Sent) -> None:
    """Every acknowledged mail is a message of a ticket of its own, once; nothing else is there twice; no duty was given up."""
    assert sent.permanent == [], "a mail was refused for good"
    ids = [one for (one,) in rows(stack, "SELECT external_id FROM tickets_message WHERE author_kind = 'customer' AND channel = 'email'")]
    ours = [one for one in ids if one.partition("#")[0] in sent.tried]
    lost = sent.acked - set(ours)
    assert not lost, f"{len(lost)} of {len(sent.acked)} acknowledged mails are no ticket: {sorted(lost)[:5]}"
    assert len(ours) == len(set(ours)) == len({one.partition("#")[0] for one in ours}), "a mail became two messages"
    wanted = list(sent.tried)
    tickets = count(stack, "SELECT count(DISTINCT ticket_id) FROM tickets_message WHERE external_id = ANY(%s)", wanted)
    assert tickets == len(ours), f"{len(ours)} mails made {tickets} tickets"
    opened = count(
        stack,
        "SELECT count(*) FROM core_event e JOIN tickets_message m ON m.ticket_id = e.ticket_ref"
        " WHERE e.kind = 'ticket.created' AND m.external_id = ANY(%s)",
        wanted,
    )
    assert opened == tickets, f"{tickets} tickets were told of {opened} times"
    given_up = rows(stack, "SELECT subscriber, error FROM core_receipt WHERE failed_at IS NOT NULL")
    assert given_up == [], f"duties were given up: {given_up[:3]}"
    unreadable = count(stack, "SELECT count(*) FROM tickets_rawmail WHERE state = 'unreadable'")
    assert unreadable == 0, f"{unreadable} harmless mails were called unreadable"
