"""What is suggested to be done with a ticket: what triage was not sure enough to do, what the macro in the draft does, what is missing.

Every suggestion carries its reason and what it rests on. Nothing here changes a ticket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from assist.learning import policy
from assist.models import Suggestion
from assist.triage.learned import data
from assist.triage.outcome import Outcome
from assist.triage.rules import PRIORITIES
from assist.triage.teaming import Team
from tickets.models import Macro, Message, Tag, Ticket

MOST = 6  # beside a ticket
SAME = 0.75  # closeness from which another open ticket of the customer may be about the same
SURE, LIKELY = 0.7, 0.5  # of a suggestion by rule
ANSWERED = 0.6  # how sure a draft is that leaves nothing to ask
WORN, TURNS = 0.6, 2  # frustration and earlier messages from which somebody else should look
LONGEST_QUOTE = 220  # characters
MORNING = 9  # o'clock, local: when a follow-up of another day comes up

_TITLES = {"category": "Set category to %s", "queue": "Move to %s", "assignee": "Assign to %s", "priority": "Set priority to %s"}
# Of which entities at least one must be there, or the next answer is a question.
NEEDED = {
    "technical": ("error_code", "request_id", "version", "url"),
    "integration": ("request_id", "error_code", "url"),
    "billing": ("invoice", "order", "amount"),
    "performance": ("url", "error_code"),
}
_MONEY = re.compile(r"\b(?:refund\w*|money back|reimburs\w*|charged (?:\w+ ){0,3}twice|double[- ]charged|charged again)\b", re.IGNORECASE)
_GOODS = re.compile(
    r"\b(?:replacement|replace (?:it|them|the)|send (?:me |us )?(?:a |another )?new (?:one|device|scanner|label\w*)"
    r"|arrived (?:broken|damaged)|(?:is|are) faulty|dead on arrival)\b",
    re.IGNORECASE,
)
TASKS = {"refund": _MONEY, "replacement": _GOODS}
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PROMISE = re.compile(r"\b(?:I|we)(?:'ll| will| am going to| are going to)\b", re.IGNORECASE)
_WHEN = re.compile(
    rf"\b(?:(?P<tomorrow>tomorrow)|next (?P<week>week)|(?:in|within) (?P<n>\d{{1,2}}) (?:working |business )?(?P<unit>hour|day)s?"
    rf"|(?:on|by|until) (?P<day>{'|'.join(_DAYS)}))\b",
    re.IGNORECASE,
)


def of_outcome(ticket: Ticket, message: Message, outcome: Outcome, team: Team | None) -> list[Suggestion]:
    """What a run of triage suggests, the surest first. At most three queries."""
    parts = (
        _undone(ticket, outcome, team),
        _incidents(ticket, outcome),
        _merges(ticket, outcome),
        _escalation(ticket, outcome),
        _of_macro(ticket, outcome),
        _tasks(ticket, message, outcome),
        _questions(ticket, message, outcome),
    )
    found = {one.source_id: one for part in parts for one in part}
    return sorted(found.values(), key=lambda one: -one.confidence_score)[:MOST]


def after_reply(message_id: str | UUID) -> Suggestion | None:
    """A colleague promised to come back at a time: it is suggested that the ticket does. Safe to repeat."""
    message = Message.objects.select_related("ticket").filter(pk=message_id, author_kind=Message.AuthorKind.AGENT).first()
    if message is None or not message.ticket.is_active or message.ticket.is_asleep:
        return None
    for sentence in _SENTENCE.split(message.body_text[:8000]):
        if _PROMISE.search(sentence) and (until := _when(sentence, message.created_at)):
            title = f"Come back on {date_format(timezone.localtime(until), 'D j M, H:i')}"
            made = _action(
                message.ticket, "follow_up", str(message.pk), title, until.isoformat(), sure=SURE, why=f"You wrote: “{_quote(sentence)}”"
            )
            fields = {name: getattr(made, name) for name in ("title", "content", "source_kind", "why", "confidence_score")}
            key = {"ticket": message.ticket, "suggestion_type": made.suggestion_type, "source_id": made.source_id}
            return Suggestion.objects.get_or_create(**key, defaults=fields)[0]
    return None


def withdrawn(message_id: str | UUID) -> None:
    """The reply is taken back, and its promise with it."""
    rows = Suggestion.objects.filter(source_kind="follow_up", source_id=f"follow_up:{message_id}"[:64], agent_clicked=False)
    rows.update(retired_at=timezone.now())


def _action(ticket: Ticket, kind: str, key: str, title: str, content: str, *, sure: float, why: str) -> Suggestion:
    return Suggestion(
        ticket=ticket,
        suggestion_type=Suggestion.Type.ACTION,
        title=title[:500],
        content=content,
        source_kind=kind,
        source_id=f"{kind}:{key}"[:64],
        why=why[:500],
        confidence_score=sure,
    )


def _undone(ticket: Ticket, outcome: Outcome, team: Team | None) -> Iterator[Suggestion]:
    """What the ticket lacks, the engine has an opinion on, and was not sure enough to do."""
    for kind, value, name, sure, why in _opinions(ticket, outcome, team):
        if policy.of(kind).may_propose(sure):
            yield _action(ticket, kind, value, _TITLES[kind] % name, value, sure=sure, why=why)


def _opinions(ticket: Ticket, outcome: Outcome, team: Team | None) -> Iterator[tuple[str, str, str, float, str]]:
    topic, level = outcome.category, outcome.priority
    if ticket.category_id is None and topic.confidence:
        yield "category", topic.category, topic.category.replace("_", " "), topic.confidence, topic.why
    if team and ticket.queue.is_default and team.queue != ticket.queue:
        yield "queue", team.queue.slug, team.queue.name, team.confidence, team.why
    if (
        level.priority != ticket.priority
        and "priority" not in ticket.decided_by_people
        and level.confidence
        and _is_higher(ticket, level.priority)
    ):
        yield "priority", level.priority, level.priority, level.confidence, "; ".join(level.reasons)
    for one in outcome.people:
        if one.field == "assignee" and ticket.assignee_id is None:
            yield one.field, one.label, one.name, one.confidence, one.why


def _is_higher(ticket: Ticket, priority: str) -> bool:
    return PRIORITIES.index(priority) > PRIORITIES.index(ticket.priority)


def _incidents(ticket: Ticket, outcome: Outcome) -> Iterator[Suggestion]:
    """Those that were close enough are linked already."""
    for link in outcome.status.linked:
        if not link.sure:
            one = _action(ticket, link.kind, link.id, f"Link to {link.reference}", link.title, sure=link.score, why=link.why)
            one.source_title = link.title[:500]
            yield one


def _merges(ticket: Ticket, outcome: Outcome) -> Iterator[Suggestion]:
    """Another open ticket of the same customer about the same matter."""
    for one in outcome.similar:
        mine = one.duplicate or (one.score >= SAME and one.why.startswith("The same customer"))
        if mine and one.status in Ticket.ACTIVE:
            yield _action(
                ticket,
                "merge",
                one.ticket_id,
                f"Merge into {one.ticket_id}",
                one.ticket_id,
                sure=one.score,
                why=f"{one.why}: “{one.subject}”",
            )


def _escalation(ticket: Ticket, outcome: Outcome) -> Iterator[Suggestion]:
    """By rule, where rules may only propose; else a conversation that wears the customer out."""
    if "escalation" in ticket.metadata:
        return
    up, mood, turns = outcome.escalation, outcome.sentiment, len(outcome.case.earlier)
    if up.escalate and up.level:
        if policy.of("escalation").may_propose(1.0):
            yield _action(
                ticket, "escalate", up.level, f"Escalate to {up.level.replace('_', ' ')}", up.level, sure=SURE, why="; ".join(up.reasons)
            )
    elif turns >= TURNS and (mood.frustration_score >= WORN or mood.trend == "declining"):
        why = f"{turns + 1} messages, mood {mood.label.replace('_', ' ')}" + (", getting worse" if mood.trend == "declining" else "")
        yield _action(ticket, "escalate", "senior_support", "Escalate to senior support", "senior_support", sure=LIKELY, why=why)


def _of_macro(ticket: Ticket, outcome: Outcome) -> Iterator[Suggestion]:
    """What the macro behind the draft does besides its text. Two queries, none without one."""
    used = next((source.id for source in outcome.reply.sources if source.kind == "macro"), "")
    macro = Macro.objects.select_related("move_to").filter(pk=used).first() if used else None
    if macro is None:
        return
    why = f"The macro “{macro.title}” does so"
    present = set(ticket.tags.values_list("name", flat=True)) if macro.tags else set()
    for tag in macro.tags:
        if Tag.normal(tag) not in present:
            yield _action(ticket, "tag", tag, f"Add the label {tag}", tag, sure=LIKELY, why=why)
    if macro.set_priority and "priority" not in ticket.decided_by_people and _is_higher(ticket, macro.set_priority):
        yield _action(
            ticket, "priority", macro.set_priority, _TITLES["priority"] % macro.set_priority, macro.set_priority, sure=LIKELY, why=why
        )
    if macro.move_to and macro.move_to_id != ticket.queue_id:
        yield _action(ticket, "queue", macro.move_to.slug, _TITLES["queue"] % macro.move_to.name, macro.move_to.slug, sure=LIKELY, why=why)


def _tasks(ticket: Ticket, message: Message, outcome: Outcome) -> Iterator[Suggestion]:
    """Money and goods are for people to decide: a note says who asked for what, and nothing moves."""
    texts = [ticket.subject, *(turn.text for turn in outcome.case.earlier), message.body_text[:8000]]
    told = [sentence for text in reversed(texts) for sentence in _SENTENCE.split(text)]  # the latest first
    for label, words in TASKS.items():
        asked = next((one for one in told if words.search(one)), "")
        if not asked:
            continue
        named = [entity.value for entity in outcome.entities.all if entity.type in ("invoice", "order", "amount")]
        lines = [
            f"Task: decide on the {label}.",
            f"The customer wrote: “{_quote(asked)}”",
            f"Named: {', '.join(named[:6])}" if named else "",
            "Nothing has been promised or moved yet.",
        ]
        one = _action(ticket, "task", label, f"Open a {label} task", "\n".join(filter(None, lines)), sure=SURE, why=f"“{_quote(asked)}”")
        one.details = {"label": label}
        yield one


def _questions(ticket: Ticket, message: Message, outcome: Outcome) -> Iterator[Suggestion]:
    """The detail without which nobody finds the cause; not where the draft answers, or asks for it already."""
    topic = outcome.category.category
    needed = NEEDED.get(topic)
    answered = (
        outcome.reply.abstained or outcome.reply.confidence >= ANSWERED or any(link.kind == "incident" for link in outcome.status.linked)
    )
    if not needed or answered or outcome.case.earlier or any(one.type in needed for one in outcome.entities.all):
        return
    question = str(data("draft_phrases")["question"][topic])
    missing = " or ".join(name.replace("_", " ") for name in needed)
    yield _action(ticket, "ask", str(message.pk), "Ask for the missing detail", question, sure=LIKELY, why=f"No {missing} is named")


def _when(sentence: str, now: datetime) -> datetime | None:
    """The moment that a sentence names, from `now` on; None for none."""
    found = _WHEN.search(sentence)
    if found is None:
        return None
    local = timezone.localtime(now)
    if found["unit"] and found["unit"].lower() == "hour":
        return local + timedelta(hours=int(found["n"])) if int(found["n"]) else None
    days = 1 if found["tomorrow"] else 7 if found["week"] else int(found["n"] or 0)
    if found["day"]:
        days = (_DAYS.index(found["day"].lower()) - local.weekday() - 1) % 7 + 1
    return (local + timedelta(days=days)).replace(hour=MORNING, minute=0, second=0, microsecond=0) if days else None


def _quote(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE].rsplit(" ", 1)[0] + "…"
