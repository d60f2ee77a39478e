"""From a happening to the call: who is meant, when it was said, and what a late or early event may still change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from assist.calls import holding, switchboard
from assist.calls.parties import Opening
from assist.calls.switchboard import Spoken
from assist.models import AcdConnection, CallSession

from .base import CALLEE, CALLER, Ended, Happening, LineState, Ringing, Said, Started

LEEWAY = timedelta(minutes=2)  # how far the provider's clock may differ from ours before we stop believing it


def apply(connection: AcdConnection, happening: Happening) -> CallSession | None:
    """Make it so. None: this call has not begun here, so it cannot end either. Raises CallEnded for words that come too late."""
    if isinstance(happening, Ringing | Started):
        return _opened(connection, happening)
    if isinstance(happening, Said):
        return _heard(connection, happening)
    if isinstance(happening, LineState):
        return _line(connection, happening)
    session = _known(connection, happening.call_id)
    return _ended(session, happening) if session else None


def opens(happenings: Iterable[Happening]) -> bool:
    """Whether a call may have begun with these."""
    return any(not isinstance(one, Ended | LineState) for one in happenings)


def _opened(connection: AcdConnection, happening: Ringing | Started) -> CallSession:
    """An event of a call that has ended opens nothing: providers' events overtake each other."""
    known = _known(connection, happening.opening.call_id)
    opening = _here(connection, happening.opening)
    if known is not None and not known.is_running:
        return switchboard.identify(known, opening)
    if isinstance(happening, Ringing):
        session, new = switchboard.ring(opening)
    else:
        session, new = switchboard.start(opening)
    return session if new else switchboard.identify(session, opening, takes_over=isinstance(happening, Started))


def _ended(session: CallSession, happening: Ended) -> CallSession:
    if happening.answered and session.status == CallSession.Status.RINGING:  # the answer was lost, or is still on its way
        switchboard.start(Opening(call_id=session.call_id, provider=session.provider))
    return switchboard.end(session, happening.status)


def _heard(connection: AcdConnection, said: Said) -> CallSession:
    session = _known(connection, said.call_id)
    if session is None:  # the words overtook the start; who speaks is known when that comes
        opening = Opening(call_id=said.call_id, provider=connection.provider, started_at=said.at)
        session, _new = switchboard.start(_here(connection, opening))
    spoken = _spoken(said, session)
    if said.final:
        switchboard.hear(session, spoken, late=True)
    elif session.is_running:
        switchboard.partial(session, spoken)
    return session


def _line(connection: AcdConnection, line: LineState) -> CallSession | None:
    """The caller's leg in a conference says which call the others in it belong to. A held agent or a muted caller is no news."""
    session = _known(connection, line.call_id)
    if session is None:
        return _others_line(connection, line)
    session = holding.join(session, line.conference)
    if line.speaks is not None:
        holding.sounds(session, {"customer": float(line.speaks)}, at=line.at)
    muted = None if line.conference else line.muted
    if line.on_hold is None and muted is None:
        return session
    return holding.note(session, on_hold=line.on_hold, muted=muted, at=line.at, since=line.since)


def _others_line(connection: AcdConnection, line: LineState) -> CallSession | None:
    if not line.conference:
        return None
    here = CallSession.objects.running().filter(provider=connection.provider, acd_metadata__connection=str(connection.pk))
    session = here.filter(acd_metadata__conference=line.conference).first()
    if session is not None and line.speaks is not None:
        holding.sounds(session, {"agent": float(line.speaks)}, at=line.at)
    return holding.note(session, muted=line.muted, at=line.at) if session is not None and line.muted is not None else session


def _spoken(said: Said, session: CallSession) -> Spoken:
    start = second_of(said, session.started_at, timezone.now())
    return Spoken(
        speaker=speaker_of(said, session.direction),
        text=said.text,
        start_time=start,
        end_time=None if start is None else start + said.duration,
        confidence=said.confidence,
        external_id=said.external_id,
    )


def second_of(said: Said, began: datetime, now: datetime) -> float | None:
    """Seconds into the call; a little below 0 for words that overtook its start. None, which means now, for what cannot be."""
    if said.start_time is not None or said.at is None:
        return said.start_time
    if not began - LEEWAY <= said.at <= now + LEEWAY:
        return None
    return (said.at - began).total_seconds()


def speaker_of(said: Said, direction: str) -> str:
    """On an incoming call the customer dialled; on an outgoing one the agent did."""
    if said.speaker not in (CALLER, CALLEE):
        return said.speaker
    outbound = direction == CallSession.Direction.OUTBOUND
    return "customer" if (said.speaker == CALLEE) == outbound else "agent"


def _known(connection: AcdConnection, call_id: str) -> CallSession | None:
    return switchboard.find(provider=connection.provider, call_id=_here_named(connection, call_id))


def _here(connection: AcdConnection, opening: Opening) -> Opening:
    """The call as this connection means it: its team, and a start that our clock can believe."""
    began, now = opening.started_at, timezone.now()
    return replace(
        opening,
        call_id=_here_named(connection, opening.call_id),
        queue=opening.queue or (connection.queue.slug if connection.queue else ""),
        started_at=began if began and abs(now - began) <= LEEWAY else None,
        acd_metadata={**{name: value for name, value in opening.acd_metadata.items() if value}, "connection": str(connection.pk)},
    )


def _here_named(connection: AcdConnection, call_id: str) -> str:
    """Two telephone systems may count their calls alike: the id of a call that is another one's gets our mark."""
    taken = CallSession.objects.filter(provider=connection.provider, call_id=call_id).exclude(acd_metadata__connection=str(connection.pk))
    return f"{connection.key_start}:{call_id}"[:255] if taken.exists() else call_id[:255]


def in_words(happenings: Iterable[Happening]) -> str:
    """For the list of last events: what an event means to us."""
    return "; ".join(_words_of(one) for one in happenings)


def _words_of(happening: Happening) -> str:
    if isinstance(happening, Ringing | Started):
        opening = happening.opening
        who = opening.customer_name or opening.customer_phone or opening.customer_id or _("unknown caller")
        words = _("Rings: %(who)s") if isinstance(happening, Ringing) else _("Answered: %(who)s")
        return words % {"who": who} + (f" → {opening.agent_name or opening.agent_id}" if opening.agent_id else "")
    if isinstance(happening, Said):
        words = _("%(who)s says: “%(text)s”") if happening.final else _("%(who)s is saying: “%(text)s”")
        return words % {"who": happening.speaker, "text": happening.text[:120]}
    if isinstance(happening, LineState):
        return _line_in_words(happening)
    return _("Ended: %(how)s") % {"how": happening.status}


def _line_in_words(line: LineState) -> str:
    said = (
        (line.on_hold, _("On hold"), _("Off hold")),
        (line.muted, _("Muted"), _("Unmuted")),
        (line.speaks, _("Speaks"), _("Speaks no more")),
    )
    return ", ".join(yes if is_so else no for is_so, yes, no in said if is_so is not None) or _("On the line")
