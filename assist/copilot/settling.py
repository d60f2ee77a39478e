"""What became of a draft: used, edited, dismissed, overtaken. Measured, never asked for."""

from __future__ import annotations

from difflib import SequenceMatcher
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from assist.models import Draft
from assist.panel import as_sent
from helpdesk.core.models import User
from tickets import macros
from tickets.models import Message

LONGEST_COMPARED = 5000  # characters; the comparison is quadratic at worst


def shown(draft: Draft) -> None:
    """An agent has it before their eyes: where the funnel begins."""
    if draft.shown_at is None:
        Draft.objects.filter(pk=draft.pk, shown_at=None).update(shown_at=timezone.now())


def accept(draft: Draft, *, by: User) -> None:
    """It went into the field. What is sent of it is measured when it is sent."""
    Draft.objects.filter(pk=draft.pk).update(decided_by=by, accepted_at=timezone.now())


def dismiss(draft: Draft, *, by: User) -> None:
    """The agent does not want it. Once it was decided, it stays so."""
    with transaction.atomic():
        if Draft.objects.filter(pk=draft.pk, state=Draft.State.OFFERED).update(state=Draft.State.DISMISSED, decided_by=by):
            draft.ticket.record("draft.dismissed", subject=draft, by=by)


def settle(message_id: str | UUID) -> None:
    """A reply was sent: its draft was used (and how much of it was left), and its macro; any other offered draft is out of date."""
    with transaction.atomic():
        message = Message.objects.select_for_update(of=("self",)).select_related("ticket", "user").filter(pk=message_id).first()
        if message is None:
            return
        draft = _draft_of(message)
        if draft and draft.sent_as_id is None:
            Draft.objects.filter(pk=draft.pk).update(
                state=Draft.State.USED,
                sent_as=message,
                decided_by=message.user,
                edit_distance=edit_distance(as_sent(draft.text), message.body_text),
            )
            message.ticket.record("draft.used", subject=draft, by=message.user)
            _count_macro(draft, message)
        others = Draft.objects.filter(ticket=message.ticket, state=Draft.State.OFFERED, created_at__lte=message.created_at)
        others.update(state=Draft.State.STALE)


def _count_macro(draft: Draft, message: Message) -> None:
    """The macro that the draft was made of was used, unless the agent used it besides. Noted on the message, so that undo takes it back."""
    by, done = message.user, message.metadata.get("macros", [])
    key = next((str(one["id"]) for one in draft.sources if one.get("kind") == "macro"), "")
    if by is None:
        return
    for macro in macros.chosen(by, [key]):
        if not macro.uses.filter(pk__in=[one["use"] for one in done]).exists():
            message.metadata["macros"] = [*done, macros.use_text(macro, message.ticket, by=by)]
            message.save(update_fields=["metadata"])


def edit_distance(draft: str, sent: str) -> float:
    """0 as written, 1 nothing left of it."""
    a, b = draft.strip()[:LONGEST_COMPARED], sent.strip()[:LONGEST_COMPARED]
    return round(1 - SequenceMatcher(None, a, b, autojunk=False).ratio(), 3)


def _draft_of(message: Message) -> Draft | None:
    try:
        pk = UUID(str(message.metadata.get("draft", "")))
    except ValueError:
        return None
    return Draft.objects.filter(pk=pk, ticket=message.ticket_id).first()
