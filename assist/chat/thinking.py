"""What to say to a line: read it, choose the way by the contract's rules, go it. No transaction is open meanwhile."""

from __future__ import annotations

import copy

from django.conf import settings

from assist.models import ChatMessage, ChatSession

from . import answering, briefing, choosing, memory, remembering, slots, understanding, wording
from .intents import Intent
from .routing import FRUSTRATED, Reason, Situation, Step, route
from .thought import Thought
from .understanding import Understood
from .words import say, spoken

PLAIN = 0.9  # an answer to what we asked is no request, unless it plainly is one
REASONS = {
    Reason.FRUSTRATION: briefing.FRUSTRATED,
    Reason.STAYS_FRUSTRATED: briefing.FRUSTRATED,
    Reason.DECLINING: briefing.DECLINING,
    Reason.RISK: briefing.RISKY,
    Reason.PROMISE: briefing.RISKY,
    Reason.ASKED: briefing.ASKED,
    Reason.FAILED: briefing.STUCK,
}


def think(session: ChatSession, said: ChatMessage) -> tuple[Understood, Thought]:
    """`session` is what this thread read of it; what changes in it is in the thought."""
    read = understanding.understand(session, said.content)
    session.mood = understanding.with_mood(session.mood, read.mood, frustrated_from=FRUSTRATED)
    thought = Thought(slots=copy.deepcopy(session.slots), failures=session.failures)
    with spoken(read.language):
        way = route(_situation(session, read), threshold=settings.HANDOFF_THRESHOLD)
        if way.step == Step.ESCALATE:
            thought.escalate = REASONS[way.reason]
        else:
            _go(session, said, read, way.step, thought)
        if thought.escalate:
            thought.slots.pop("pending", None)
            thought.settled()
            thought.used("escalate_to_human", "")
    return read, thought


def _situation(session: ChatSession, read: Understood) -> Situation:
    return Situation(
        intent=read.intent.name,
        act=read.intent.act if "pending" not in session.slots or read.intent.confidence >= PLAIN else "other",
        frustration=read.mood.frustration_score,
        frustrated_lines=int(session.mood.get("frustrated", 0)),
        polarity=read.mood.polarity,
        trend=read.mood.trend,
        risk=read.risk,
        promise=read.promise,
        pending="pending" in session.slots,
        failures=session.failures,
    )


def _go(session: ChatSession, said: ChatMessage, read: Understood, step: Step, thought: Thought) -> None:
    if name := memory.name_told(read.text):
        thought.slots["name"] = session.slots["name"] = name
        remembering.note_name(session, said, name)
        if step in (Step.TALK, Step.ANSWER) and memory.only_a_name(read.text):
            thought.text = say("nice_to_meet", name=name)
            return
    if step == Step.GO_ON:
        if slots.go_on(session, read, thought) is not None:
            return
        step = route(_situation_without_pending(session, read), threshold=-2).step
    if choosing.picked(session, read.text) or choosing.none_of_them(session, read.text):
        answering.answer(session, read, thought, before=said.n)
    elif text := memory.recalled(session, read.text, before=said.n):
        thought.text = text
    elif step == Step.TOOL:
        slots.begin(session, read, thought, before=said.n)
    elif step == Step.TALK and not _is_after_all_known(session, said, read, thought):
        _talk(session, read.intent, read, thought)
    elif step != Step.TALK:
        answering.answer(session, read, thought, before=said.n)


def _is_after_all_known(session: ChatSession, said: ChatMessage, read: Understood, thought: Thought) -> bool:
    """A few words whose form says nothing ("need a DPA") are looked up before the visitor is asked what they want."""
    return read.intent.act == "other" and len(read.text.split()) > 1 and answering.known(session, read, thought, before=said.n)


def _situation_without_pending(session: ChatSession, read: Understood) -> Situation:
    return Situation(intent=read.intent.name, act=read.intent.act, failures=0)


def _talk(session: ChatSession, intent: Intent, read: Understood, thought: Thought) -> None:
    name = memory.name_of(session)
    thought.settled()
    if intent.act == "greeting":
        thought.text = wording.hello(name)
    elif intent.act == "goodbye":
        thought.text = wording.bye(name)
    elif intent.act == "feedback":
        unhappy = read.mood.label in ("negative", "very_negative")
        short = len(read.text.split()) <= 12  # noqa: PLR2004 - thanks; what is longer tells us something
        thought.text = say("did_not_help") if unhappy else say("glad") if short else say("noted")
    else:
        thought.text = say("what_i_can")
