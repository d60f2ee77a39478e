"""The way of every event: it proves itself, is kept, is understood, and takes effect once.

What is kept before it is acknowledged is never lost: a process that dies between keeping and doing leaves the event
open, and the sweep takes it up. The same event fifty times at once is one row, and one effect.
"""

from __future__ import annotations

import ipaddress
import logging
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from assist.calls.switchboard import CallEnded
from assist.models import AcdConnection, AcdEvent, CallSession
from helpdesk.core.errors import HelpdeskError

from . import applying
from .base import Account, Ended, Forged, Incoming, Reply, Understood
from .registry import provider_of

log = logging.getLogger(__name__)

LARGEST = 256 * 1024  # bytes of one event; the largest that a provider is known to send has 20 kB
TOLERANCE = timedelta(seconds=300)  # how old a signed event may be: what is older is a replay, or a clock is wrong
LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 8
WAITS = timedelta(minutes=10)  # for the start of a call whose end came first
AGAIN = timedelta(seconds=5)
KEPT = timedelta(days=7)  # raw events hold customers' words


def account_of(connection: AcdConnection) -> Account:
    return Account(settings=connection.settings, secrets=connection.secrets)


def welcome(connection: AcdConnection, address: str) -> bool:
    """Whether events may come from this address; without a list they may come from anywhere."""
    listed = [str(one) for one in connection.settings.get("addresses", ())]
    if not listed:
        return True
    try:
        sender = ipaddress.ip_address(address)
        return any(sender in ipaddress.ip_network(one, strict=False) for one in listed)
    except ValueError:
        return False


def receive(connection: AcdConnection, incoming: Incoming, *, test: bool = False) -> Reply:
    """Take one event in. Raises Forged (403) and NotUnderstood (400); anything else is acknowledged, because it is kept.

    A `test` is understood like any other, and changes nothing.
    """
    provider = provider_of(connection.provider)
    try:
        account = account_of(connection)
        provider.verify(incoming, account)
        payload = incoming.payload()
        understood = provider.understand(payload, account)
        _refuse_old(understood)
    except HelpdeskError as error:
        connection.note_refusal(error.detail)
        raise
    if event := keep(connection, incoming, understood, test=test):
        take_up(event)
    return provider.reply(payload, account)


def keep(connection: AcdConnection, incoming: Incoming, understood: Understood, *, test: bool = False) -> AcdEvent | None:
    """Store an event; None when it is here already."""
    now = timezone.now()
    what = {
        "kind": understood.kind[:120],
        "call_id": understood.call_id[:255],
        "content_type": incoming.content_type[:80],
        "body": incoming.body.decode("utf-8", "replace").replace("\x00", "\ufffd"),
        "due_at": now + LEASE,
        "outcome": _at_first(understood, test=test),
        "detail": applying.in_words(understood.happenings)[:300],
    }
    event, new = AcdEvent.objects.get_or_create(connection=connection, event_id=understood.event_id[:255], defaults=what)
    if not new:
        return None
    AcdConnection.objects.filter(pk=connection.pk).update(last_event_at=now)
    return event


def _at_first(understood: Understood, *, test: bool) -> str:
    if test:
        return AcdEvent.Outcome.TEST
    return AcdEvent.Outcome.RECEIVED if understood.happenings else AcdEvent.Outcome.IGNORED


def take_up(event: AcdEvent) -> None:
    """Let an event take effect. A failure is noted and tried again; eight failures are enough."""
    if not event.claim(LEASE):
        return
    try:
        _do(event)
    except CallEnded as over:
        event.conclude(AcdEvent.Outcome.IGNORED, over.detail)
    except Exception as error:  # whatever it was, it is written down and comes again: the event is not lost
        log.exception("telephony_event_failed", extra={"event": event.pk})
        outcome = AcdEvent.Outcome.FAILED if event.attempts >= MOST_ATTEMPTS else AcdEvent.Outcome.RECEIVED
        event.conclude(outcome, repr(error))


def _do(event: AcdEvent) -> None:
    connection = event.connection
    incoming = Incoming(body=event.body.encode(), content_type=event.content_type)
    understood = provider_of(connection.provider).understand(incoming.payload(), account_of(connection))
    session: CallSession | None = None
    for happening in understood.happenings:
        session = applying.apply(connection, happening)
        if session is None:
            _wait(event) if isinstance(happening, Ended) else event.conclude(AcdEvent.Outcome.IGNORED, _("Its call is not known here."))
            return
    event.conclude(AcdEvent.Outcome.DONE, event.detail, session=session)
    if applying.opens(understood.happenings):
        for earlier in AcdEvent.objects.filter(connection=connection, call_id=event.call_id, outcome=AcdEvent.Outcome.WAITING):
            take_up(earlier)


def _wait(event: AcdEvent) -> None:
    """The end of a call that we do not know: perhaps its start is still on its way."""
    now = timezone.now()
    if now - event.received_at > WAITS:
        event.conclude(AcdEvent.Outcome.IGNORED, _("Its call never began here."))
    else:
        event.conclude(AcdEvent.Outcome.WAITING, event.detail, due_at=now + AGAIN)


def sweep(limit: int = 200) -> int:
    """Take up what was left behind. Returns how many events."""
    left = list(AcdEvent.objects.left_behind().select_related("connection__queue")[:limit])
    for event in left:
        take_up(event)
    return len(left)


def forget() -> int:
    """Raw events are kept for a week. Returns how many went."""
    return AcdEvent.objects.filter(received_at__lt=timezone.now() - KEPT).delete()[0]


def _refuse_old(understood: Understood) -> None:
    signed = understood.signed_at
    if signed is not None and abs(timezone.now() - signed) > TOLERANCE:
        raise Forged(_("The event is older than five minutes, or a clock is wrong."))
