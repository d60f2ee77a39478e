"""After the call: it is summed up, becomes a ticket or part of one, and stands on the customer's timeline.

Safe to repeat, and finished by a worker when the web process dies in between. Words that come late, for ten minutes, are merged:
summary, ticket and note are brought up to date, except where a person has written.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import AgentAction, CallSession
from assist.triage.steps import Recorder, Step
from customers import identity
from helpdesk.core.events import record
from tickets import intake
from tickets.channels.phone import FinishedCall, translate
from tickets.models import Message, Ticket

from . import analyse, consent, summary, updates, window
from .summary import Summary
from .transcript import locked


def finish(session: CallSession) -> CallSession:
    """Sum up and file an ended call, once. Returns the session as it then stands."""
    if session.filed_at is not None:
        return session
    said = window.read(session)
    summed, step = _sum_up(session, said)
    with transaction.atomic():
        session = locked(session)
        if session.filed_at is not None or session.is_running:
            return session
        _write(session, summed, step)
        if session.answered_at is not None or said.turns:
            _file(session, said, summed)
        session.filed_at = timezone.now()
        session.save(update_fields=["filed_at", "customer", "ticket"])
    return session


def refresh(session: CallSession) -> CallSession:
    """Late words changed what was said: the same summary, ticket and note, brought up to date."""
    if session.filed_at is None:
        return finish(session)
    said = window.read(session)
    summed, step = _sum_up(session, said)
    with transaction.atomic():
        session = locked(session)
        _write(session, summed, step)
        if session.ticket_id:
            _refile(session, said)
        who = {"ticket": session.ticket, "customer": session.customer}
        record("call.summary_refreshed", subject=session, audience=session.audience, session=str(session.session_id), **who)
    return session


def renote(session: CallSession) -> Message | None:
    """A person changed summary or things to do: the note in the ticket says so too. None where there is no such note."""
    notes = Message.objects.filter(channel=Ticket.Channel.PHONE, external_id=f"{_reference(session)}-summary")
    notes.update(body_text=_note_text(session))
    return notes.first()


def _sum_up(session: CallSession, said: window.Window) -> tuple[Summary, Step]:
    """What was said in short; nothing when the caller refused to be read."""
    if not consent.may_read(session):
        return summary.NOTHING, Step("summary", ms=0.0)
    recorder = Recorder(threads=False)
    summed = recorder.step("summary", lambda: summary.sum_up(said, analyse.analyse(said)), summary.NOTHING)
    return summed, recorder.steps[0]


def _write(session: CallSession, summed: Summary, step: Step) -> None:
    """What a person wrote stays as it is."""
    if "summary" not in session.edited_by_people:
        session.summary = summed.text
    if "action_items" not in session.edited_by_people:
        session.action_items = list(summed.action_items)
    frame = {"type": "summary", "session_id": str(session.session_id), "summary": session.summary, "action_items": session.action_items}
    updates.tell(session, frame)
    session.save(update_fields=["summary", "action_items", "updates"])
    AgentAction.objects.create(
        session=session,
        agent_name="summary",
        action_type="summarize_call",
        processing_time_ms=step.ms,
        confidence=1.0 if summed.problem else 0.0,
        output=step.output or {},
        error=step.error,
    )


def _file(session: CallSession, said: window.Window, summed: Summary) -> None:
    """A ticket of its own, or a message in the one that the call was about."""
    if session.customer is None:
        session.customer = identity.resolve(phone=session.phone, name="")
    session.save(update_fields=["customer"])
    message = intake.receive(translate(_finished(session, said, summed)))
    ticket = message.ticket
    session.ticket = ticket
    _note(session, ticket)
    _answered_by_voice(session, ticket)


def _finished(session: CallSession, said: window.Window, summed: Summary) -> FinishedCall:
    known = session.ticket_id or _named_ticket(session)
    return FinishedCall(
        reference=_reference(session),
        customer_id=session.customer_id,
        customer_name=session.customer.name if session.customer else "",
        phone=session.phone,
        subject=summed.subject or _("Phone call"),
        said=_said(session, said),
        queue=session.queue.slug if session.queue else "",
        ticket_number=known,
        began_at=session.answered_at or session.started_at,
        metadata={"call": str(session.session_id)},
    )


def _reference(session: CallSession) -> str:
    return f"call-{session.session_id}"


def _said(session: CallSession, said: window.Window) -> str:
    """The caller's own words: what triage reads, and what learning and memory keep. None of them without the caller's consent."""
    if not consent.may_read(session):
        return _("(The caller did not agree to being read by the assistant. What was said stands in the call alone.)")
    return "\n".join(turn.text for turn in said.customer) or _("(The caller said nothing that was recognised.)")


def _named_ticket(session: CallSession) -> str:
    """The ticket that the telephony or CRM system says the call is about, when it is this customer's."""
    for source in (session.acd_metadata, session.crm_metadata):
        number = str(source.get("ticket_id") or source.get("ticket_number") or "")[:24]
        if number and Ticket.objects.filter(number=number, customer=session.customer).exists():
            return number
    return ""


def _note(session: CallSession, ticket: Ticket) -> None:
    """The summary beside the caller's words, for colleagues."""
    Message.objects.create(
        ticket=ticket,
        author_kind=Message.AuthorKind.ASSISTANT,
        author_name=_("Call summary"),
        visibility=Message.Visibility.INTERNAL,
        channel=Ticket.Channel.PHONE,
        body_text=_note_text(session),
        external_id=f"{_reference(session)}-summary",
        metadata={"call": str(session.session_id)},
    )


def _note_text(session: CallSession) -> str:
    to_do = "\n".join(f"- {item}" for item in session.action_items)
    return "\n\n".join(filter(None, (session.summary, to_do and f"{_('To do')}:\n{to_do}")))


def _answered_by_voice(session: CallSession, ticket: Ticket) -> None:
    """Whoever was spoken to has had an answer: no first reply is due, and the ticket is the agent's who spoke."""
    if session.answered_at is None or session.ended_at is None:
        return
    ticket.last_agent_message_at = session.ended_at
    ticket.first_response_at = ticket.first_response_at or max(session.answered_at, ticket.created_at)
    ticket.touch("last_agent_message_at", "first_response_at")
    if session.agent and session.agent.is_active and ticket.assignee_id is None:
        ticket.assign(to=session.agent, by=None)
    if ticket.status == Ticket.Status.NEW:
        ticket.set_status(Ticket.Status.OPEN, by=None, reason="spoken to on the phone")


def _refile(session: CallSession, said: window.Window) -> None:
    messages = Message.objects.filter(channel=Ticket.Channel.PHONE, ticket__number=session.ticket_id)
    messages.filter(external_id=_reference(session)).update(body_text=_said(session, said))
    messages.filter(external_id=f"{_reference(session)}-summary").update(body_text=_note_text(session))
