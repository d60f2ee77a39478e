"""What people add to a call while it runs: notes that stamp a moment, suggestions used, the caller's consent, a supervisor's whispers."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import CallDesk, CallNote, CallSession, Suggestion
from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.core.events import record
from helpdesk.core.limits import spend
from helpdesk.core.models import Event, User

from . import consent, feedback, rounds

LONGEST_NOTE, LONGEST_WHISPER = 2000, 500  # characters
MOST_NOTES = 500  # in one call
WHISPERS, WHISPERS_IN = 10, timedelta(minutes=1)  # one supervisor's, in one call
LISTENED_ANEW = timedelta(minutes=10)
INTO = ("said", "notes", "reply")


class TooMany(HelpdeskError):
    """That is too often. Wait a moment."""

    code = "too-many"
    status = 429


def note(session: CallSession, *, by: User, text: str) -> CallNote:
    """Stamp this moment. Raises Invalid for no words, or when a call has more notes than anybody reads."""
    text = text.strip()[:LONGEST_NOTE]
    if not text or CallNote.objects.filter(session=session).count() >= MOST_NOTES:
        raise Invalid(_("A note needs words"))
    return CallNote.objects.create(session=session, at=moment(session), text=text, author=by)


def use(suggestion: Suggestion, session: CallSession, *, by: User, into: str) -> CallNote:
    """The agent took a suggestion: `said` it, copied it to the `notes`, or wants it in the `reply` that follows the call.

    Raises Invalid for anything else. Used twice, it is one stamp of each kind.
    """
    if into not in INTO:
        raise Invalid(_("Use it for what?"))
    said = into == "said"
    with transaction.atomic():
        feedback.click(session, suggestion.pk, by=by)
        if into == "reply":
            _into_reply(session, suggestion)
        stamp, _fresh = CallNote.objects.get_or_create(
            session=session,
            suggestion=suggestion,
            kind=CallNote.Kind.SAID if said else CallNote.Kind.NOTE,
            defaults={"at": moment(session), "author": by, "text": suggestion.title if into != "notes" else _as_note(suggestion)},
        )
    return stamp


def note_consent(session: CallSession, *, agreed: bool, by: User) -> None:
    """What the caller said to it. Once they agree, what was heard until now is thought about."""
    consent.desk_of(session)
    given = CallDesk.Consent.AGREED if agreed else CallDesk.Consent.REFUSED
    with transaction.atomic():
        CallDesk.objects.filter(session=session).update(consent=given)
        record("call.consent_noted", subject=session, by=by, customer=session.customer, session=str(session.session_id), status=given)
        if agreed:
            transaction.on_commit(rounds.ask)


def whisper(session: CallSession, *, by: User, text: str) -> CallNote:
    """A supervisor's words, for the agent's screen alone. Raises Invalid and TooMany."""
    text = " ".join(text.split())[:LONGEST_WHISPER]
    if not text:
        raise Invalid(_("A whisper needs words"))
    if session.agent_id is None or not session.is_running:
        raise Invalid(_("Nobody is on this call"))
    if not spend("call.whisper", f"{by.pk}:{session.session_id}", limit=WHISPERS, window=WHISPERS_IN):
        raise TooMany(_("Ten whispers a minute are enough. Wait a moment"))
    with transaction.atomic():
        stamp = CallNote.objects.create(session=session, kind=CallNote.Kind.WHISPER, at=moment(session), text=text, author=by)
        record(
            "call.whispered",
            subject=session,
            by=by,
            customer=session.customer,
            audience=[f"agent.{session.agent_id}"],
            session=_id(session),
        )
    return stamp


def listened(session: CallSession, *, by: User) -> None:
    """Write down who listens in, once in ten minutes for each."""
    recent = Event.objects.filter(
        kind="call.listened", subject_id=str(session.pk), actor_id=str(by.pk), occurred_at__gte=timezone.now() - LISTENED_ANEW
    )
    if recent.exists():
        return
    with transaction.atomic():
        record("call.listened", subject=session, by=by, customer=session.customer, session=_id(session))


def moment(session: CallSession) -> float:
    """Seconds since the call began: where a stamp made now stands in the transcript."""
    return float(session.duration_seconds)


def _as_note(suggestion: Suggestion) -> str:
    return "\n".join(part for part in (suggestion.title, suggestion.content) if part)[:LONGEST_NOTE]


def _into_reply(session: CallSession, suggestion: Suggestion) -> None:
    """What the agent promised to write goes into the reply that the wrap-up offers; each suggestion once."""
    CallDesk.objects.get_or_create(session=session)
    desk = CallDesk.objects.select_for_update().get(session=session)
    taken = desk.wrap_up.setdefault("reply_from", [])
    if suggestion.pk in taken:
        return
    taken.append(suggestion.pk)
    steps = suggestion.details.get("steps") or []
    words = "\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1)) if steps else suggestion.content
    desk.wrap_up["reply"] = "\n\n".join(
        filter(None, (desk.wrap_up.get("reply", ""), f"{suggestion.title}\n\n{words}", suggestion.source_url))
    )
    desk.version, desk.edited_at = desk.version + 1, timezone.now()
    desk.save(update_fields=["wrap_up", "version", "edited_at"])


def _id(session: CallSession) -> str:
    return str(session.session_id)
