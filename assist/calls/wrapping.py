"""The wrap-up: what is proposed after a call, what the agent makes of it, and how it is saved to the call and its ticket."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from assist.models import CallDesk, CallSession, TranscriptionSegment
from assist.triage.reading import sentences_of
from helpdesk.core.errors import Conflict
from helpdesk.core.events import record
from helpdesk.core.models import User
from knowledge.models import Category
from tickets import replying
from tickets.models import Ticket

from . import dates, ending

LONGEST_SUMMARY, LONGEST_LINE, MOST_ROWS = 10_000, 300, 12
SURE = 0.6  # a fact below this is offered unticked
CONFIRMED, HEARD_ONCE, DATED = 0.95, 0.7, 0.5
LASTING = ("product_name", "product", "platform", "version")  # what stays true of a customer after the call
_PROMISE = re.compile(
    r"\b(i(?:'|’)?ll|i will|i(?:'|’)?m going to|we(?:'|’)?ll|we will|let me)\s+"
    r"(?!(?:be|have|need|see|check|look|wait|just|try|ask|put you)\b)",
    re.IGNORECASE,
)


class Superseded(Conflict):
    """Somebody else changed this wrap-up meanwhile."""

    code = "superseded"


@dataclass
class Row:
    """A promise or a fact; `ticked` is kept, or remembered."""

    text: str
    ticked: bool = False
    note: str = ""  # when it was said, or how sure we are
    confidence: float = 1.0


@dataclass
class WrapUp:
    summary: str = ""
    disposition: str = ""
    reason: str = ""  # slug of a category
    status: str = ""
    owner: str = "me"
    promises: list[Row] = field(default_factory=list)
    facts: list[Row] = field(default_factory=list)
    reply: str = ""
    send_reply: bool = False
    missing: str = ""

    def as_typed(self) -> dict[str, Any]:
        """As it is kept while somebody writes."""
        rows = {name: [vars(row) for row in getattr(self, name)] for name in ("promises", "facts")}
        return {**vars(self), **rows}


def proposed(session: CallSession, desk: CallDesk, summary: str) -> WrapUp:
    """What was typed so far, else what the call suggests. `summary` is the proposal for an empty one."""
    typed = desk.wrap_up
    if "summary" in typed:
        return _from_typed(typed)
    ticket = session.ticket
    return WrapUp(
        summary=session.summary or summary,
        disposition=session.disposition,
        reason=ticket.category.slug if ticket and ticket.category else "",
        status=Ticket.Status.PENDING if typed.get("reply") else (ticket.status if ticket else Ticket.Status.OPEN),
        promises=_promises(session),
        facts=_facts(session, desk),
        reply=typed.get("reply", ""),
        send_reply=bool(typed.get("reply")),
    )


def keep(session: CallSession, typed: WrapUp, *, version: int, by: User) -> CallDesk:
    """Remember what is typed, as often as the page likes. Raises Superseded when somebody else wrote meanwhile."""
    CallDesk.objects.get_or_create(session=session)
    with transaction.atomic():
        desk = CallDesk.objects.select_for_update(of=("self",)).select_related("edited_by").get(session=session)
        if desk.version != version and desk.edited_by_id not in (None, by.pk):
            who = desk.edited_by.name if desk.edited_by else _("Somebody")
            raise Superseded(
                _("%(name)s changed this wrap-up meanwhile. Yours is below; save again to replace theirs") % {"name": who},
                version=desk.version,
            )
        taken = {"reply_from": desk.wrap_up.get("reply_from", [])}
        desk.wrap_up, desk.version, desk.edited_by, desk.edited_at = {**taken, **typed.as_typed()}, desk.version + 1, by, timezone.now()
        desk.save(update_fields=["wrap_up", "version", "edited_by", "edited_at"])
    return desk


def save(session: CallSession, typed: WrapUp, *, version: int, by: User) -> CallSession:
    """Write it to the call and its ticket: summary and promises as a note, reason, status, owner, the reply. Raises Superseded."""
    with transaction.atomic():
        desk = keep(session, typed, version=version, by=by)
        session = (
            CallSession.objects.select_for_update(no_key=True, of=("self",))
            .select_related("ticket", "customer", "queue")
            .get(pk=session.pk)
        )
        again = session.wrapped_up_at is not None and session.summary == typed.summary and session.action_items == _kept(typed.promises)
        session.summary, session.action_items = typed.summary, _kept(typed.promises)
        session.disposition, session.wrapped_up_at = typed.disposition, timezone.now()
        session.edited_by_people = sorted({*session.edited_by_people, "summary", "action_items", "disposition"})
        session.save(update_fields=["summary", "action_items", "disposition", "wrapped_up_at", "edited_by_people"])
        desk.facts = [
            {"text": row.text, "since": session.started_at.date().isoformat(), "confidence": row.confidence}
            for row in typed.facts
            if row.ticked
        ]
        desk.save(update_fields=["facts"])
        if session.ticket is not None:
            _to_ticket(session, session.ticket, typed, by=by, noted=again)
        if typed.missing:
            record("article.missed", subject=session, by=by, ticket=session.ticket, title=typed.missing)
        record(
            "call.wrapped_up",
            subject=session,
            by=by,
            ticket=session.ticket,
            customer=session.customer,
            audience=session.audience,
            session=str(session.session_id),
            summary=typed.summary[:500],
            disposition=typed.disposition,
        )
    return session


def _to_ticket(session: CallSession, ticket: Ticket, typed: WrapUp, *, by: User, noted: bool) -> None:
    """The note that the hang-up left says what the agent made of it; a ticket without one gets one, once."""
    note = ending.renote(session)
    if note is not None:
        ticket.record("note.added", by=by, subject=note)
    elif not noted:
        replying.note(ticket=ticket, by=by, text=_as_note(typed))
    if (category := Category.objects.filter(slug=typed.reason).first()) and category != ticket.category:
        ticket.set_category(category, by=by)
    if typed.owner == "me" and ticket.assignee != by:
        ticket.assign(to=by, by=by)
    elif typed.owner == "nobody" and ticket.assignee is not None:
        ticket.assign(to=None, by=by)
    if typed.send_reply and typed.reply.strip() and ticket.customer.email:
        replying.reply(ticket=ticket, by=by, text=typed.reply, status=typed.status)
    elif typed.status and typed.status != ticket.status:
        ticket.set_status(typed.status, by=by)


def _as_note(typed: WrapUp) -> str:
    lines = [_("Call: %(summary)s") % {"summary": typed.summary}]
    for row in typed.promises:
        lines.append(f"- [{'x' if row.ticked else ' '}] {row.text}")
    return "\n".join(lines)[: replying.LONGEST]


def _kept(rows: list[Row]) -> list[str]:
    """Promises that are still to be kept, as the call and its reports name them."""
    return [row.text for row in rows if not row.ticked]


def _promises(session: CallSession) -> list[Row]:
    """What the summary found to do; without one, what the agent said they would do, with the moment of it."""
    if session.action_items:
        return [Row(str(item)[:LONGEST_LINE]) for item in session.action_items][:MOST_ROWS]
    words = TranscriptionSegment.objects.filter(session=session, speaker=TranscriptionSegment.Speaker.AGENT).in_order()
    found: dict[str, Row] = {}
    for segment in words:
        minutes = f"{int(segment.start_time) // 60:02}:{int(segment.start_time) % 60:02}"
        for sentence in sentences_of("", segment.text):
            if _PROMISE.search(sentence) and not sentence.endswith("?"):
                found.setdefault(sentence.casefold(), Row(sentence[:LONGEST_LINE], note=_("Said at %(time)s") % {"time": minutes}))
    return list(found.values())[:MOST_ROWS]


def _facts(session: CallSession, desk: CallDesk) -> list[Row]:
    rows = []
    for key, (kind, value) in dates.facts_of(session).items():
        if kind not in LASTING and key not in desk.confirmed:
            continue
        confidence = CONFIRMED if key in desk.confirmed else HEARD_ONCE if kind != "version" else DATED
        since = _("From %(day)s") % {"day": date_format(session.started_at, "j M Y")}
        note = since if confidence >= SURE else _("Not sure, %(percent)d%%") % {"percent": round(confidence * 100)}
        rows.append(Row(f"{kind.replace('_', ' ').capitalize()}: {value}"[:LONGEST_LINE], confidence >= SURE, note, confidence))
    return rows[:MOST_ROWS]


def _from_typed(typed: dict[str, Any]) -> WrapUp:
    known = {name: typed[name] for name in WrapUp.__dataclass_fields__ if name in typed}
    for name in ("promises", "facts"):
        known[name] = [Row(**row) for row in typed.get(name, [])]
    return WrapUp(**known)
