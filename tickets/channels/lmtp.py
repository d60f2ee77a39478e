"""LMTP and SMTP on one port for the MTA in front of us.

`250` is said only when the mail is committed; whatever goes wrong is `451`, so that the sender keeps the mail and tries again. A permanent
refusal is given for one thing only: mail over the size limit (552).
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from helpdesk.core.errors import HelpdeskError

from .addresses import mail_domain
from .mailbox import MailTooLarge, store

log = logging.getLogger(__name__)

STORED = "250 2.0.0 Stored"
LATER = "451 4.3.0 Not stored, please try again later"
TOO_LARGE = "552 5.3.4 This mail is larger than we take"
FULL_HOUSE = b"421 4.3.2 Too many connections, please try again later\r\n"

STORING_THREADS = 6  # two less than the database pool holds, and far more than the disk needs
MOST_CONNECTIONS = 200
IDLE_SECONDS = 300.0  # RFC 5321 asks for five minutes
GOODBYE_SECONDS = 20.0  # how long mails that are being stored may take at shutdown
FRAGMENT = 64 * 1024  # bytes; longer lines are read in pieces, so no line is too long

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every command, addresses included


@dataclass
class _House:
    """What the connections share."""

    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(STORING_THREADS, thread_name_prefix="store-mail"))
    connections: set[Conversation] = field(default_factory=set)
    storing: int = 0

    async def keep(self, envelope: Envelope, source: str) -> str:
        """Stores the mail in a thread and says how it went, in SMTP."""
        self.storing += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, _store, envelope, source)
        finally:
            self.storing -= 1


def _store(envelope: Envelope, source: str) -> str:
    close_old_connections()
    try:
        store(envelope.original_content or b"", source=source, envelope_from=envelope.mail_from or "", envelope_to=envelope.rcpt_tos)
    except MailTooLarge:
        return TOO_LARGE
    except (DatabaseError, HelpdeskError, OSError) as error:
        log.warning("mail_not_stored", extra={"error": type(error).__name__})
        return LATER
    except Exception:  # a bug of ours must not cost a customer's mail: the sender keeps it
        log.exception("mail_not_stored")
        return LATER
    finally:
        connection.close()  # back to the pool
    return STORED


class _Handler:
    """aiosmtpd's hooks: every error that is not the client's is temporary."""

    async def handle_exception(self, error: Exception) -> str:
        log.warning("smtp_error", extra={"error": type(error).__name__})
        return LATER

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Every address is welcome: mail to one that no queue has goes to the default queue."""
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"


class Conversation(SMTP):
    """One client. LHLO makes it LMTP: then DATA is answered once for each recipient (RFC 2033)."""

    line_length_limit = FRAGMENT

    def __init__(self, house: _House) -> None:
        limits = {"data_size_limit": settings.MAIL_LARGEST, "timeout": IDLE_SECONDS}
        super().__init__(_Handler(), enable_SMTPUTF8=True, hostname=mail_domain(), ident="helpdesk", **limits)
        self.house = house
        self.is_lmtp = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self.house.connections) >= MOST_CONNECTIONS and isinstance(transport, asyncio.WriteTransport):
            transport.write(FULL_HOUSE)
            transport.close()
            return
        self.house.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self.house.connections:
            self.house.connections.discard(self)
            super().connection_lost(error)

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:
        self.is_lmtp = True
        await super().smtp_EHLO(hostname)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 RCPT first")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        envelope.original_content = await self._content()
        source = "lmtp" if self.is_lmtp else "smtp"
        answer = TOO_LARGE if envelope.original_content is None else await self.house.keep(envelope, source)
        answers = len(envelope.rcpt_tos) if self.is_lmtp else 1
        self._set_post_data_state()
        for _recipient in range(answers):
            await self.push(answer)

    async def _content(self) -> bytes | None:
        """The mail up to the lone dot, whatever the length of its lines; None when it is over the limit (all of it is read then, too)."""
        content = bytearray()
        size, at_line_start = 0, True
        while True:
            piece, line_ends = await self._piece()
            if at_line_start and piece == b".\r\n":
                return bytes(content) if size <= settings.MAIL_LARGEST else None
            if at_line_start and piece.startswith(b"."):
                piece = piece[1:]
            size += len(piece)
            if size <= settings.MAIL_LARGEST:
                content += piece
            elif content:
                content.clear()
            at_line_start = line_ends

    async def _piece(self) -> tuple[bytes, bool]:
        """A line, or 64 kB of one; and whether it ends here."""
        try:
            return bytes(await self._reader.readuntil(b"\r\n")), True
        except asyncio.LimitOverrunError as overrun:
            return bytes(await self._reader.read(overrun.consumed)), False


class Server:
    """The listener. `await start(...)`, and `await stop()` to end it without losing what is being stored."""

    def __init__(self) -> None:
        self._house = _House()
        self._server: asyncio.Server | None = None

    async def start(self, listen: str) -> str:
        """Listens on `host:port`, `[::1]:port` or `unix:/path`; returns the address in use. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        if listen.startswith("unix:"):
            self._server = await loop.create_unix_server(self._conversation, listen.removeprefix("unix:"))
            return listen
        host, _, port = listen.rpartition(":")
        self._server = await loop.create_server(self._conversation, host.strip("[]") or "127.0.0.1", int(port), backlog=512)
        found: Any = self._server.sockets[0].getsockname()
        return f"{found[0]}:{found[1]}"

    def _conversation(self) -> Conversation:
        return Conversation(self._house)

    async def stop(self) -> None:
        """No new mail; what is being stored is finished and acknowledged first."""
        if self._server is None:
            return
        self._server.close()
        deadline = asyncio.get_running_loop().time() + GOODBYE_SECONDS
        while self._house.storing and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0)  # the last answers go out
        for conversation in list(self._house.connections):
            if conversation.transport:
                conversation.transport.close()
        self._house.threads.shutdown(wait=False)
