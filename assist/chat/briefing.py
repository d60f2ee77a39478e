"""What whoever takes a chat over needs to know: why, what it is about, what was tried, what is open. Thinks; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.models import ChatMessage, ChatSession
from assist.triage.arrival import STAFF
from assist.triage.case import LONGEST_BODY, Case
from assist.triage.outcome import Outcome
from assist.triage.pipeline import Scope, analyse
from helpdesk.core.errors import Invalid
from tickets.models import Queue

ASKED, FRUSTRATED, DECLINING, RISKY, STUCK = "asked", "frustration", "declining", "risk", "failure"
REASONS = {
    ASKED: gettext_lazy("Asked for a person"),
    FRUSTRATED: gettext_lazy("Very frustrated"),
    DECLINING: gettext_lazy("The mood is getting worse"),
    RISKY: gettext_lazy("A matter that people must decide"),
    STUCK: gettext_lazy("The assistant did not know the answer"),
}
LEVEL = "supervisor"  # of an escalation for which no rule names one (contract section 4)
MOST_OPEN = 3  # questions
MOST_TRIED = 4  # articles
LONGEST_QUESTION = 300  # characters


@dataclass(frozen=True)
class Briefing:
    reason: str  # in words
    about: tuple[str, ...] = ()  # the visitor's own sentences that say the matter
    mood: str = ""
    tried: tuple[str, ...] = ()  # titles of the articles that were shown
    open: tuple[str, ...] = ()  # what was asked and not answered
    summary: str = ""  # of what came before, where the chat was long
    queue: Queue | None = None  # None: the default one
    level: str = LEVEL
    also: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """A line for each thing worth knowing; nothing that is not there."""
        return [
            _("Why: %(reason)s") % {"reason": "; ".join(dict.fromkeys((self.reason, *self.reasons)))},
            *([self.summary] if self.summary else []),
            *(_("The visitor says: %(words)s") % {"words": words} for words in self.about),
            *([_("Mood: %(mood)s") % {"mood": self.mood}] if self.mood else []),
            *(_("Already shown: %(title)s") % {"title": title} for title in self.tried),
            *(_("Still open: %(question)s") % {"question": question} for question in self.open),
        ]


def brief(session: ChatSession, said: Sequence[ChatMessage], reason: str) -> Briefing:
    """What there is to say of this chat. A reason that is none of `REASONS` stands as it was given."""
    words = str(REASONS.get(reason, reason)) or str(REASONS[ASKED])
    theirs = [line.content for line in said if line.role == ChatMessage.Role.USER]
    found = _understood(session, theirs)
    known: dict[str, Any] = {"reason": words, "tried": _tried(said), "open": _open(said), "summary": session.summary}
    if found is None:
        return Briefing(**known, queue=_own_queue(session))
    up = found.escalation
    trend = _(", getting worse") if found.sentiment.trend == "declining" else ""
    return Briefing(
        **known,
        about=found.key_issues,
        mood=found.sentiment.label.replace("_", " ") + trend,
        queue=_own_queue(session) or _queue_of(found),
        level=up.level or LEVEL,
        also=up.also,
        reasons=up.reasons,
    )


def _understood(session: ChatSession, theirs: Sequence[str]) -> Outcome | None:
    given = {"body": "\n".join(theirs)[-LONGEST_BODY:], "language": session.language, "customer_id": str(session.customer_id)}
    try:
        return analyse(Case.read(given), scope=Scope(viewer=STAFF, customer_id=session.customer_id))
    except Invalid:  # nothing was said yet
        return None


def _own_queue(session: ChatSession) -> Queue | None:
    """Of the site on which the chat is, or of the ticket that it has."""
    return session.queue or (session.ticket.queue if session.ticket else None)


def _queue_of(found: Outcome) -> Queue | None:
    """The one team that takes the category."""
    takers = list(Queue.objects.filter(categories__slug=found.category.category).distinct()[:2])
    return takers[0] if len(takers) == 1 else None


def _tried(said: Sequence[ChatMessage]) -> tuple[str, ...]:
    sources = [source for line in said for source in line.sources or ()]
    return tuple(list(dict.fromkeys(str(one.get("title", "")) for one in sources if one.get("title")))[:MOST_TRIED])


def _open(said: Sequence[ChatMessage]) -> tuple[str, ...]:
    """Questions behind which no answer with a source came; else the last thing that was said."""
    asked = [
        line.content
        for line, after in zip(said, [*said[1:], None], strict=False)
        if line.role == ChatMessage.Role.USER and "?" in line.content and not (after is not None and after.sources)
    ]
    last = [line.content for line in said if line.role == ChatMessage.Role.USER][-1:]
    return tuple(text[:LONGEST_QUESTION] for text in (asked[-MOST_OPEN:] or last))
