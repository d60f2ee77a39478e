"""Keeps the lines open to providers that send nothing by themselves. One thread a line, until told to stop.

What a line brings goes through the door of every webhook (`receiving.receive`): kept, understood, done once. A line that
breaks is opened again after a growing pause, or when the provider says. Several processes may run this: each line is
held by one of them, and by another one seconds after that one has died.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from time import monotonic
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError
from django.db import connection as database
from django.utils.translation import gettext as _

from assist.models import AcdConnection, CallSession
from helpdesk.core.errors import HelpdeskError

from . import receiving
from .base import Incoming, Line, LineDown
from .registry import LINES

log = logging.getLogger(__name__)

LOOK = 5.0  # seconds between two looks at the settings
POLL = 1.0  # seconds for which a line is asked; it also tells how soon we stop
CLAIM = timedelta(seconds=30)  # how long a line counts as held by a process that says nothing more
RENEW = 5.0  # seconds between two renewals of it
LONGEST_PAUSE = 60.0
HELD_WELL = 60.0  # seconds after which a line that breaks is opened again at once
AWAY = (OperationalError, InterfaceError)  # the database; frames wait in the socket meanwhile


def run(stop: Event, look: float = LOOK) -> None:
    """Until told to stop: hold the line of every connection that has one, with the settings that it has now."""
    held: dict[UUID, Listener] = {}
    while not stop.is_set():
        with _patience():
            _follow_the_settings(held)
        stop.wait(look)
    for listener in held.values():
        listener.stop()
    database.close()


def _follow_the_settings(held: dict[UUID, Listener]) -> None:
    wanted = {row.pk: row for row in AcdConnection.objects.filter(provider__in=LINES, is_active=True).select_related("queue")}
    for pk, listener in list(held.items()):
        if pk not in wanted or listener.mark != _mark(wanted[pk]) or not listener.is_alive():
            held.pop(pk).stop()
    for pk, row in wanted.items():
        if pk not in held and (line := LINES[row.provider](receiving.account_of(row))) and row.claim_line(CLAIM):
            held[pk] = Listener(row, line)
            held[pk].start()


def _mark(row: AcdConnection) -> object:
    """Changes when the line must be opened anew."""
    return row.settings, row.secrets, row.queue_id


class Listener(Thread):
    """One line, held open."""

    def __init__(self, row: AcdConnection, line: Line) -> None:
        super().__init__(name=f"line-{row.key_start}", daemon=True)
        self.row, self.line, self.mark = row, line, _mark(row)
        self._told = Event()

    def stop(self) -> None:
        self._told.set()
        self.join(timeout=10)

    def run(self) -> None:
        try:
            hold(self.row, self.line, self._told)
        except Exception:  # the keeper sees that this thread has ended, and starts another
            log.exception("telephony_line_failed", extra={"connection": str(self.row.pk)})
        finally:
            self.line.close()
            with _patience():
                self.row.note_listening(AcdConnection.Listening.NOT)
            database.close()


def hold(row: AcdConnection, line: Line, told: Event) -> None:
    """Open, listen, open again, until told to stop."""
    failures = 0
    while not told.is_set():
        began = monotonic()
        try:
            line.open(_running(row))
            _listen(row, line, told)
        except AWAY:
            _wait(row, told, _("The database does not answer."), 1.0)
        except HelpdeskError as down:
            failures = 1 if monotonic() - began > HELD_WELL else failures + 1
            asked = down.wait if isinstance(down, LineDown) else 0.0
            _wait(row, told, down.detail, max(asked, pause_before(failures)))
        finally:
            line.close()


def pause_before(attempt: int) -> float:
    """1, 2, 4 … 60 seconds and a little more, so that many do not come back at once."""
    return float(min(2.0 ** (attempt - 1), LONGEST_PAUSE)) * random.uniform(1.0, 1.3)  # noqa: S311 - no secret


def _listen(row: AcdConnection, line: Line, told: Event) -> None:
    row.note_listening(AcdConnection.Listening.LISTENING)
    noted = monotonic()
    while not told.is_set():
        if incoming := line.read(POLL):
            _take_in(row, incoming, told)
        if monotonic() - noted > RENEW:
            with _patience():
                row.note_listening(AcdConnection.Listening.LISTENING)
            noted = monotonic()
        database.close()  # no pooled connection is held while we wait for words


def _take_in(row: AcdConnection, incoming: Incoming, told: Event) -> None:
    """Nobody sends it a second time: while the database is away we keep it in hand."""
    while not told.is_set():
        try:
            receiving.receive(row, incoming)
        except AWAY:
            database.close()
            told.wait(POLL)
        except HelpdeskError:
            return  # not understood, and noted on the connection
        except DatabaseError:
            log.exception("telephony_frame_failed", extra={"connection": str(row.pk)})
            return  # the connection was removed meanwhile, for one
        else:
            return


def _running(row: AcdConnection) -> list[str]:
    """What the provider calls the calls that run here."""
    calls = CallSession.objects.filter(provider=row.provider, acd_metadata__connection=str(row.pk)).running()
    return [call_id.removeprefix(f"{row.key_start}:") for call_id in calls.values_list("call_id", flat=True)[:500]]


def _wait(row: AcdConnection, told: Event, why: str, seconds: float) -> None:
    until = monotonic() + seconds
    while not told.is_set() and (left := until - monotonic()) > 0:
        with _patience():
            row.note_listening(AcdConnection.Listening.WAITING, why)
        told.wait(min(left, RENEW))


@contextmanager
def _patience() -> Iterator[None]:
    """A database that is away is no reason to end: what was to be noted is noted the next time."""
    try:
        yield
    except AWAY:
        log.warning("telephony_database_away")
    finally:
        database.close()
