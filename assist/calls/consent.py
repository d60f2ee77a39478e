"""Whether the assistant may read a call. Where a team asks for consent, words are kept until then and nothing is made of them."""

from __future__ import annotations

from assist.models import CallDesk, CallPolicy, CallSession


def desk_of(session: CallSession) -> CallDesk:
    """What is kept of this call's page; begun when it is first needed, with the consent that its team asks for."""
    desk = CallDesk.objects.filter(session=session).first()
    if desk is None:
        waits = CallDesk.Consent.AWAITED if _asked_for(session) else CallDesk.Consent.NOT_ASKED
        desk, _made = CallDesk.objects.get_or_create(session=session, defaults={"consent": waits})
    return desk


def may_read(session: CallSession, *, asked: str | None = None) -> bool:
    """`asked`: the consent that is noted, where the caller has just read it. Else one query once the call is known here."""
    return (desk_of(session).consent if asked is None else asked) not in CallDesk.WITHHELD


def _asked_for(session: CallSession) -> bool:
    return session.queue_id is not None and CallPolicy.objects.filter(queue=session.queue_id, needs_consent=True).exists()
