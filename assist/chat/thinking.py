"""What to say to a line: read it, choose the way by the contract's rules, go it. No transaction is open meanwhile."""

from __future__ import annotations

import copy

from django.conf import settings
from django.utils.translation import override

from assist.models import ChatMessage, ChatSession

from . import answering, briefing, memory, remembering, slots, understanding, wording
from .intents import Intent
from .routing import FRUSTRATED, Reason, Situation, Step, route
from .thought import Thought
from .understanding import Understood

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
    with override(spoken_in(read.language)):
        way = route(_situation(session, read), threshold=settings.HANDOFF_THRESHOLD)
        if way.step == Step.ESCALATE:
            thought.escalate = REASONS[way.reason]
        else:
            _go(session, said, read, way.step, thought)
        if thought.escalate:
            thought.slots.pop("pending", None)
            thought.used("escalate_to_human", "")
    return read, thought


def spoken_in(language: str) -> str:
    """The language of our own phrases: the visitor's, where we have them in it."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


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
            thought.text = wording.nice_to_meet(name)
            return
    if step == Step.GO_ON:
        if slots.go_on(session, read, thought) is not None:
            return
        step = route(_situation_without_pending(session, read), threshold=-2).step
    if text := memory.recalled(session, read.text, before=said.n):
        thought.text = text
    elif step == Step.TOOL:
        slots.begin(session, read, thought, before=said.n)
    elif step == Step.TALK:
        _talk(session, read.intent, read, thought)
    else:
        answering.answer(session, read, thought, before=said.n)


def _situation_without_pending(session: ChatSession, read: Understood) -> Situation:
    return Situation(intent=read.intent.name, act=read.intent.act, failures=0)


def _talk(session: ChatSession, intent: Intent, read: Understood, thought: Thought) -> None:
    name = memory.name_of(session)
    thought.slots.pop("asked", None)
    if intent.act == "greeting":
        thought.text = wording.hello(name)
    elif intent.act == "goodbye":
        thought.text = wording.bye(name)
    elif intent.act == "feedback":
        unhappy = read.mood.label in ("negative", "very_negative")
        short = len(read.text.split()) <= 12  # noqa: PLR2004 - thanks; what is longer tells us something
        thought.text = wording.sorry_it_did_not_help() if unhappy else wording.glad() if short else wording.noted()
    else:
        thought.text = wording.what_i_can()
