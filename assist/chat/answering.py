"""Answers from articles: two to four sentences of the passage that fits best, with its source; a question back where it is not clear;
and where nothing fits, the word that a person will."""

from __future__ import annotations

from assist.models import ChatMessage, ChatSession
from assist.triage.draft import SENTENCE, beyond, opening
from knowledge.fusion import Band
from knowledge.search import Found, Hit

from . import briefing, choosing, model, tools, wording
from .codes import by_code
from .patterns import pattern
from .thought import Thought, source
from .understanding import Understood
from .words import say

LEAD, MOST_STEPS = 2, 4  # sentences; steps, the rest stays in the article
CERTAIN, RIVAL = 0.8, 0.75  # below this score another article may be meant that has this part of it
LONGEST_SENTENCE = 400
FEW_WORDS = 7


def answer(session: ChatSession, read: Understood, thought: Thought, *, before: int) -> Thought:
    """Fill the thought with an answer, a question, or the need for a person."""
    if pattern("vague").match(read.text) and not session.slots.get("asked"):
        return _ask(thought, say("tell_me_more") if read.intent.act != "question" else say("tell_me_what"), read)
    if choosing.none_of_them(session, read.text) or not known(session, read, thought, before=before):
        thought.escalate = briefing.STUCK
        thought.failures += 1
    return thought


def known(session: ChatSession, read: Understood, thought: Thought, *, before: int) -> bool:
    """Fill the thought with an answer or a question, where there is something to say."""
    asked = bool(session.slots.get("asked"))
    if (pk := choosing.picked(session, read.text)) and (hit := choosing.look_up(session, pk, _question_before(session, before))):
        _told(Found([hit]), read, thought, set())
        return True
    found = by_code(_look(session, read, before), read.text)
    if model.better(session, read, thought, found, before=before):
        return True
    if found.band == Band.SHOW:
        _told(found, read, thought, set(() if asked else session.slots.get("shown", ())))
        return True
    hits = [] if asked else choosing.offerable(found, read.text)
    if hits:
        choosing.offer(thought, hits)
        _ask(thought, wording.which_of([hit.title for hit in hits]), read, hits=hits)
    return bool(hits)


def _look(session: ChatSession, read: Understood, before: int) -> Found:
    """What fits this line; where it does not stand alone, what fits it together with the one before."""
    session.language = read.language
    found = tools.run(session, "search_faq", {"query": read.text}).found or Found()
    if found.band == Band.SHOW and not _leans(read.text):
        return found
    if (earlier := _question_before(session, before)) and (session.slots.get("asked") or _leans(read.text)):
        both = tools.run(session, "search_faq", {"query": f"{earlier}\n{read.text}"}).found or Found()
        return both if both.confidence > found.confidence else found
    return found


def _leans(text: str) -> bool:
    return len(text.split()) <= FEW_WORDS and bool(pattern("leans on what was said before").search(text))


def _question_before(session: ChatSession, before: int) -> str:
    said = session.messages.filter(role=ChatMessage.Role.USER, n__lt=before).order_by("-n").values_list("content", flat=True)[:1]
    return " ".join(said[0].split())[:600] if said else ""


def _ask(thought: Thought, question: str, read: Understood, hits: list[Hit] | None = None) -> Thought:
    """One question back in a row: who is asked again and again is not helped."""
    thought.text = " ".join(filter(None, (wording.empathy(read.mood.sentiment), question)))
    thought.slots["asked"] = True
    thought.sources = [source(hit) for hit in hits or []]
    return thought


def _told(found: Found, read: Understood, thought: Thought, shown_last: set[str]) -> None:
    best = found.hits[0]
    again = str(best.article_id) in shown_last
    asks = " ".join(filter(None, (_or_rather(found), say("did_it_help"))))
    thought.text = "\n\n".join(filter(None, (wording.empathy(read.mood.sentiment), told(best, again=again), asks)))
    thought.sources = [source(hit) for hit in found.hits if hit is best or hit.score >= max(0.4, best.score * 0.85)][:3]
    thought.settled()
    thought.failures = 0


def _or_rather(found: Found) -> str:
    """Names the article that may have been meant instead, where the best one is not far ahead."""
    best, *others = found.hits
    rival = others[0] if others and best.score < CERTAIN and others[0].score >= RIVAL * best.score else None
    return say("or_rather", title=rival.title) if rival else ""


def told(hit: Hit, *, again: bool = False) -> str:
    """The article's own opening and its steps, else the sentences that fit best; asked on, the passage that fits, not the opening again."""
    lead = opening(hit.body)
    if again and (more := beyond(lead, hit.excerpt)):
        return " ".join(one[:LONGEST_SENTENCE] for one in more)
    sentences = [one[:LONGEST_SENTENCE] for one in SENTENCE.split(lead) if one][:LEAD]
    if hit.steps:
        steps = "\n".join(f"{n}. {step}" for n, step in enumerate(hit.steps[:MOST_STEPS], 1))
        more_steps = say("the_rest", title=hit.title) if len(hit.steps) > MOST_STEPS else ""
        return "\n".join(filter(None, (" ".join(sentences), steps, more_steps)))
    return " ".join([*sentences, *(one[:LONGEST_SENTENCE] for one in beyond(lead, hit.excerpt))]) or hit.excerpt
