"""What the page of one call shows, in a fixed number of queries: the transcript with its stamps, the cards, the questions, who calls."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assist.models import CallDesk, CallSession, ClarifyingQuestion, Suggestion
from customers.models import Customer
from helpdesk.core.models import User
from knowledge.models import Incident
from tickets.models import Queue, Ticket

from . import consent, dates, risk, scripts
from .lines import Line, lines_of
from .pattern import Pattern, pattern_of

TELLING = 5  # of the customer's first sentences, the longest tells the matter
SURE = 0.6  # the card on top is the newest one at least so sure (design/ui.md 4c)
MOST_WHISPERS = 3
MOST_TICKETS, MOST_CALLS, MOST_EARLIER = 5, 9, 20
KINDS: dict[str, str | Promise] = {
    "article": _("Say next"),
    "solution": _("Solved before"),
    "reply": _("Say next"),
    "similar_ticket": _("Similar ticket"),
    "action": _("Do next"),
}
HEARD: dict[str, str | Promise] = {
    "error_code": _("Error"),
    "product_name": _("Product"),
    "product": _("Product"),
    "version": _("Version"),
    "order": _("Order"),
    "order_id": _("Order"),
    "invoice": _("Invoice"),
    "amount": _("Amount"),
    "date": _("Date"),
    "platform": _("System"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "ticket": _("Ticket"),
}


@dataclass(frozen=True)
class Entity:
    key: str
    label: str | Promise
    value: str
    confirmed: bool


@dataclass(frozen=True)
class Other:
    """Another running call of the agent, for the switcher."""

    session_id: Any
    name: str
    started_at: datetime
    seconds: int
    here: bool


@dataclass
class Screen:
    call: CallSession
    viewer: User
    desk: CallDesk
    mode: str  # own | listen | past
    lines: list[Line] = field(default_factory=list)
    say: Suggestion | None = None
    earlier: list[Suggestion] = field(default_factory=list)
    asks: list[ClarifyingQuestion] = field(default_factory=list)
    script: scripts.Progress = field(default_factory=scripts.Progress)
    incidents: list[Incident] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    pattern: Pattern | None = None
    others: list[Other] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)
    latency: float | None = None  # seconds from the end of a sentence to its suggestion

    @property
    def spoken(self) -> list[Line]:
        """The transcript with its notes."""
        return [line for line in self.lines if line.side != "w"]

    @property
    def whispers(self) -> list[Line]:
        """What a supervisor whispered, the newest first: beside the transcript, where it is seen at once."""
        return [line for line in reversed(self.lines) if line.side == "w"][:MOST_WHISPERS]

    @property
    def customer(self) -> Customer | None:
        return self.call.customer

    @property
    def name(self) -> str:
        return name_of(self.call)

    @property
    def caller(self) -> str:
        """How lines of the customer are signed."""
        return (self.customer.first_name if self.customer else "") or str(_("Caller"))

    @property
    def agent(self) -> str:
        """How lines of the agent are signed for this viewer."""
        if self.call.agent_id == self.viewer.pk:
            return str(_("You"))
        return self.call.agent.first_name if self.call.agent else str(_("Agent"))

    @property
    def about(self) -> str:
        organisation = self.customer.organisation.name if self.customer and self.customer.organisation else ""
        ended = str(_("ended %(time)s")) % {"time": f"{self.call.ended_at:%H:%M}"} if self.call.ended_at else ""
        waited = self.call.waited_seconds if self.call.ended_at else 0
        held = str(_("held for %(minutes)d:%(seconds)02d")) % {"minutes": waited // 60, "seconds": waited % 60} if waited else ""
        phone = self.call.phone or (self.customer.phone if self.customer else "")
        return " · ".join(filter(None, (organisation, phone, self.call.queue.name if self.call.queue else "", ended, held)))

    @property
    def seconds(self) -> int:
        return self.call.duration_seconds

    @property
    def state_word(self) -> str | Promise:
        if self.call.status == CallSession.Status.ACTIVE:
            return _("Live")
        return self.call.get_status_display()

    @cached_property
    def mood(self) -> risk.Mood:
        return risk.mood_of(self.call)

    @property
    def muted_word(self) -> str | Promise:
        return _("You are muted") if self.mode == "own" else _("The agent is muted")

    @property
    def may_speak(self) -> bool:
        """The viewer is the one on the line."""
        return self.mode == "own" and self.call.is_running

    @property
    def may_wrap(self) -> bool:
        return self.call.agent_id in (None, self.viewer.pk) or self.viewer.oversees

    @property
    def may_note(self) -> bool:
        return self.may_speak or (not self.call.is_running and self.may_wrap)

    @property
    def needs_consent(self) -> bool:
        return self.desk.consent == CallDesk.Consent.AWAITED

    @property
    def consent_refused(self) -> bool:
        return self.desk.consent == CallDesk.Consent.REFUSED

    @property
    def consent_word(self) -> str | Promise:
        return self.desk.get_consent_display() if self.desk.consent else ""

    @property
    def consent_tone(self) -> str:
        return "good" if self.desk.consent == CallDesk.Consent.AGREED else "warn"

    @property
    def asked(self) -> str:
        done = sum(bool(ask.retired_at) for ask in self.asks)
        return str(_("%(done)d of %(whole)d answered")) % {"done": done, "whole": len(self.asks)}

    @cached_property
    def heard(self) -> list[Entity]:
        """The facts heard so far, each value once; of dates only those that tell something."""
        confirmed = set(self.desk.confirmed)
        return [
            Entity(key, HEARD.get(kind, kind.replace("_", " ").capitalize()), value, key in confirmed)
            for key, (kind, value) in dates.facts_of(self.call).items()
        ]

    @property
    def issue(self) -> str:
        """What the call is about, as far as it is understood."""
        return str(self.call.context.get("detected_issue") or "").replace("_", " ").capitalize()

    @property
    def summary(self) -> str:
        """What the wrap-up would say now."""
        if self.call.summary:
            return self.call.summary
        told = max([line.text for line in self.lines if line.side == "c"][:TELLING], key=len, default="")
        facts = ", ".join(f"{entity.label} {entity.value}" for entity in self.heard[:6])
        return "\n".join(filter(None, (self.issue, told[:240], facts)))


def screen(call: CallSession, viewer: User, *, part: str = "") -> Screen:
    """Everything, or what one `part` of the page needs (side, script, whispers, tabs)."""
    shown = Screen(call, viewer, consent.desk_of(call), mode_for(call, viewer))
    if part in ("", "script"):
        if call.is_running or not shown.desk.script_read:
            scripts.catch_up(call, shown.desk)
        shown.script = scripts.progress(call, shown.desk)
    if part == "script":
        return shown
    if part in ("", "tabs"):
        shown.others = others_of(viewer, call)
    if part == "tabs":
        return shown
    shown.lines = lines_of(call, viewer, caller=shown.caller, agent=shown.agent)
    if part == "":
        _cards(shown)
        shown.incidents = list(Incident.objects.open()[:3])
        shown.queues = list(Queue.objects.exclude(pk=call.queue_id or uuid.UUID(int=0))) if shown.may_speak else []
    if part == "side" and call.is_running:  # it costs an embedding: not while the page opens
        shown.pattern = pattern_of(call, viewer, " ".join(line.text for line in shown.lines if line.side == "c"))
    shown.tickets = tickets_of(call, viewer)
    return shown


def mode_for(call: CallSession, viewer: User) -> str:
    if not call.is_running:
        return "past"
    return "own" if call.agent_id in (None, viewer.pk) else "listen"


def may_open(call: CallSession, viewer: User) -> bool:
    """A running call of a colleague is for leads and supervisors alone; what is over, for the team."""
    return mode_for(call, viewer) != "listen" or viewer.oversees or viewer.role == User.Role.LEAD


def name_of(call: CallSession) -> str:
    return (call.customer.name if call.customer else "") or call.phone or str(_("Unknown caller"))


def tickets_of(call: CallSession, viewer: User) -> list[Ticket]:
    """The call's own ticket first, then the customer's open ones."""
    if call.customer_id is None:
        return []
    mine = Ticket.objects.visible_to(viewer).active().filter(customer=call.customer_id).select_related("queue")
    found = list(mine.order_by("due_at")[:MOST_TICKETS])
    return sorted(found, key=lambda ticket: ticket.number != call.ticket_id)


def others_of(viewer: User, call: CallSession) -> list[Other]:
    """The viewer's running calls; none when there is only this one."""
    running = CallSession.objects.filter(agent=viewer, status=CallSession.Status.ACTIVE).with_people().order_by("started_at")[:MOST_CALLS]
    found = [Other(one.session_id, name_of(one), one.started_at, one.duration_seconds, one.pk == call.pk) for one in running]
    return found if any(not one.here for one in found) else []


def _cards(shown: Screen) -> None:
    call = shown.call
    offered = [one for one in Suggestion.objects.filter(session=call).order_by("-created_at", "-confidence_score") if _worth(one)]
    for one in offered:
        dress(one, call)
    shown.say = chosen(offered) if shown.desk.consent not in CallDesk.WITHHELD else None
    shown.earlier = [one for one in offered if one is not shown.say][:MOST_EARLIER]
    shown.asks = list(ClarifyingQuestion.objects.filter(session=call))
    for ask in shown.asks:
        ask.done = ask.retired_at is not None  # type: ignore[attr-defined]
        ask.answer = ""  # type: ignore[attr-defined]
    if upcoming := next((ask for ask in shown.asks if not ask.retired_at), None):
        upcoming.next = True  # type: ignore[attr-defined]


def dress(one: Suggestion, call: CallSession) -> None:
    """What the card says besides the row: its kind in words, and when it came."""
    began = call.answered_at or call.started_at
    one.kind_word = KINDS.get(one.suggestion_type, "")  # type: ignore[attr-defined]
    one.arrived = (one.created_at - began).total_seconds()  # type: ignore[attr-defined]


def chosen(offered: Sequence[Suggestion]) -> Suggestion | None:
    """The newest that is sure enough, else the surest; what was refused is not shown first again."""
    wanted = [one for one in offered if one.retired_at is None and one.agent_feedback not in ("not_helpful", "irrelevant")]
    sure = next((one for one in wanted if one.confidence_score >= SURE), None)
    return sure or max(wanted, key=lambda one: one.confidence_score, default=None)


def _worth(one: Suggestion) -> bool:
    """What a later analysis no longer offers stays only when somebody did something with it."""
    return one.retired_at is None or one.agent_clicked or one.agent_feedback is not None
