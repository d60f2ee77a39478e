"""The summary at the end: what the problem was, what was tried, what was agreed, and what is still to be done.

The local engine quotes: every line is a sentence that somebody said, so nothing is made up. A language model may word it better
later; what a person has edited is never overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from assist.triage import key_issues
from assist.triage.case import Case
from assist.triage.reading import read as read_case
from helpdesk.core.errors import Invalid

from . import phrases
from .analyse import Analysis
from .window import Turn, Window, without_courtesy

MOST_LINES = 3  # of each part
LONGEST_LINE = 220  # characters
MOST_ITEMS = 6
PROBLEM_TURNS = 6  # of the customer; the matter is told in the first ones
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SOUNDS = re.compile(
    r",? \b(?:um+|uh+|er+m?|hm+|mm+|you know|I mean|right|like),(?= )|,? \b(?:um+|uh+|erm?|hm+|mm+)\b(?=[ .])", re.IGNORECASE
)
_STUMBLE = re.compile(r"\b(\w[\w'’ ]{0,20}?),? \1\b", re.IGNORECASE)  # "it, it just stops"
_YOURS = (
    (re.compile(r"\byourself\b", re.IGNORECASE), "themselves"),
    (re.compile(r"\byours?\b", re.IGNORECASE), "their"),
    (re.compile(r"\byou\b", re.IGNORECASE), "the customer"),
    (re.compile(r"\bmy\b", re.IGNORECASE), "our"),
)


@dataclass(frozen=True)
class Summary:
    problem: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()
    action_items: tuple[str, ...] = ()
    subject: str = ""
    facts: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        """As it is stored and shown: one paragraph a part."""
        parts = (
            (_("Problem"), self.problem),
            (_("Tried"), self.tried),
            (_("Agreed"), self.agreed),
            (_("Named"), (", ".join(self.facts),) if self.facts else ()),
        )
        lines = [f"{name}: {' '.join(said)}" for name, said in parts if said]
        return "\n".join(lines) or _("Nothing was said that could be summed up.")

    def shown(self) -> dict[str, Any]:
        return {"text": self.text, "action_items": list(self.action_items)}


NOTHING = Summary()


def sum_up(window: Window, analysis: Analysis) -> Summary:
    """Quote what matters from the transcript, in the order in which it was said."""
    problem, foremost = _problem(window)
    tried = tuple(_lines(_matching(window.turns, _tried)))
    agreed = tuple(_lines(_matching(window.agent, _is_promise)))
    return Summary(
        problem=problem,
        tried=tuple(line for line in tried if line not in agreed),
        agreed=agreed,
        action_items=_action_items(window),
        subject=_subject(foremost, analysis),
        facts=tuple(fact.value for fact in analysis.detected_entities if fact.type not in ("phone", "email", "date", "url"))[:6],
    )


def _problem(window: Window) -> tuple[tuple[str, ...], str]:
    """The sentences closest to the whole of what the customer told at first, stating trouble or a wish; and the best of them."""
    told = [without_courtesy(turn.text) for turn in window.customer if without_courtesy(turn.text)]
    telling = [text for text in told if len(text.split()) >= 4][:PROBLEM_TURNS]  # noqa: PLR2004 - shorter ones only answer
    if not telling:
        lines = tuple(_lines(told))[:1]
        return lines, "".join(lines)
    try:
        reading = read_case(Case(body="\n".join(telling)))
    except Invalid:
        lines = tuple(_lines(telling))
        return lines, lines[0]
    return tuple(_lines(key_issues.choose(reading) or telling)), key_issues.foremost(reading) or telling[0]


def _matching(turns: Iterable[Turn], fits: Any) -> Iterator[str]:
    for turn in turns:
        for sentence in _SENTENCE.split(turn.text):
            if fits(turn, sentence):
                yield sentence


def _tried(turn: Turn, sentence: str) -> bool:
    """What the customer did before, and what the agent told them to do."""
    if sentence.rstrip().endswith("?") or len(sentence.split()) < 3:  # noqa: PLR2004
        return False
    return phrases.says("tried" if turn.speaker == "customer" else "told_to", sentence)


def _is_promise(_turn: Turn, sentence: str) -> bool:
    return phrases.says("promise", sentence) and not phrases.says("small_talk", sentence) and not sentence.rstrip().endswith("?")


def _lines(sentences: Iterable[str]) -> list[str]:
    cleaned = [without_courtesy(" ".join(sentence.split())) for sentence in sentences]
    return list(dict.fromkeys(_sentence(one) for one in cleaned if one))[:MOST_LINES]


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    if len(text) > LONGEST_LINE:
        text = text[:LONGEST_LINE].rsplit(" ", 1)[0] + "…"
    return text if text[-1:] in ".!?…" else f"{text}."


def _action_items(window: Window) -> tuple[str, ...]:
    """Promises as things to do: "I'll send you the credit note today" → "Send the customer the credit note today"."""
    promised = (phrases.what_follows("to_do", sentence) for sentence in _matching(window.agent, _is_promise))
    asked = (phrases.what_follows("to_do_for_customer", sentence) for sentence in _matching(window.agent, _anything))
    tasks = [_task(what) for what in promised if what]
    tasks += [_("Customer: %(what)s") % {"what": what.rstrip(" ?.!")[:LONGEST_LINE]} for what in asked if what]
    return tuple(dict.fromkeys(tasks))[:MOST_ITEMS]


def _anything(_turn: Turn, _sentence: str) -> bool:
    return True


def _task(what: str) -> str:
    for pattern, replacement in _YOURS:
        what = pattern.sub(replacement, what)
    what = re.sub(r"\s+,.*$|,? (?:okay|all right|alright)\??$", "", what).rstrip(" .!?")
    return (what[:1].upper() + what[1:])[:LONGEST_LINE]


def _subject(foremost: str, analysis: Analysis) -> str:
    """The ticket's subject: the problem in one line, without the sounds between the words; else the matter by its name."""
    fluent = _STUMBLE.sub(r"\1", " ".join(_SOUNDS.sub(" ", without_courtesy(foremost)).split()))
    if said := _sentence(fluent).rstrip(".") if fluent else "":
        return said if len(said) <= 110 else said[:110].rsplit(" ", 1)[0] + "…"  # noqa: PLR2004 - fits a line of the inbox
    return analysis.detected_issue.replace("_", " ").capitalize() or _("Phone call")
