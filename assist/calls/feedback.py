"""What agents do with suggestions in a call: they see them, open them, judge them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from assist.models import CallSession, Suggestion
from helpdesk.core.errors import Invalid, NotFound
from helpdesk.core.events import record

from . import updates
from .transcript import locked


def rate(session: CallSession, suggestion_id: int, feedback: str, *, by: Any) -> Suggestion:
    """helpful, not_helpful or irrelevant; may be changed. Whoever else watches the call sees it. Raises Invalid, NotFound."""
    if feedback not in Suggestion.Feedback.values:
        raise Invalid(_("Feedback is one of: %(values)s.") % {"values": ", ".join(Suggestion.Feedback.values)})
    with transaction.atomic():
        session = locked(session)
        suggestion = _of(session, suggestion_id)
        suggestion.agent_feedback = feedback
        suggestion.save(update_fields=["agent_feedback"])
        updates.tell(session, {"type": "feedback", "suggestion_id": suggestion.pk, "feedback": feedback})
        session.save(update_fields=["updates"])
        _record("suggestion.rated", session, suggestion, by, feedback=feedback)
    return suggestion


def click(session: CallSession, suggestion_id: int, *, by: Any) -> Suggestion:
    """Opened, or used in notes or an answer: the card stays for the rest of the call."""
    with transaction.atomic():
        suggestion = _of(session, suggestion_id)
        if not suggestion.agent_clicked:
            suggestion.agent_clicked = suggestion.shown_to_agent = True
            suggestion.save(update_fields=["agent_clicked", "shown_to_agent"])
            _record("suggestion.used", session, suggestion, by)
    return suggestion


def show(session: CallSession, suggestion_ids: Sequence[int]) -> int:
    """They were on an agent's screen. Returns how many had not been before."""
    return Suggestion.objects.filter(session=session, pk__in=suggestion_ids, shown_to_agent=False).update(shown_to_agent=True)


def _of(session: CallSession, suggestion_id: int) -> Suggestion:
    suggestion = Suggestion.objects.filter(session=session, pk=suggestion_id).first()
    if suggestion is None:
        raise NotFound(_("There is no such suggestion in this call."))
    return suggestion


def _record(kind: str, session: CallSession, suggestion: Suggestion, by: Any, **data: str) -> None:
    article = {"article": suggestion.source_id} if suggestion.source_kind == "article" else {}
    record(kind, subject=suggestion, by=by, ticket=session.ticket, customer=session.customer, suggestion=suggestion.pk, **article, **data)
