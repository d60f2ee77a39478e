"""Where no article is sure, those that may be meant are offered by their titles, once; the visitor picks one in their own way.

`session.slots["offered"]` = the articles' ids and titles, in the order in which they were said.
"""

from __future__ import annotations

import re

from assist.models import ChatSession
from knowledge.fusion import POSSIBLE
from knowledge.models import Article
from knowledge.search import Found, Hit

from . import tools
from .patterns import pattern
from .thought import Thought

MOST = 3  # titles in one question
NEAR = 0.38  # closeness of the best one, from which it is worth asking (docs/evaluation.md, chat)
NEARLY = 0.7  # of the best one's closeness: what is farther is not offered beside it
LONGEST_TERM = 3  # words of a keyword
SHORT = 4  # letters: a word of no more is looked for as it is written, "bus" is no plural
FEW_WORDS = 6  # of a reply that picks by number
ENOUGH = 2  # words of a title, said again, that name it
_WORD = re.compile(r"[^\W_][\w-]*")
_PLACES = ("first", "second", "third")


def offerable(found: Found, text: str) -> list[Hit]:
    """What may be meant: near enough all in all, or called by a keyword that is one article's alone; [] where nothing is."""
    best = found.hits[0].fits if found.hits else 0.0
    if best >= NEAR or found.confidence >= POSSIBLE:
        return [hit for hit in found.hits if hit.fits >= NEARLY * best][:MOST]
    called = _called(text)
    return [hit for hit in found.hits if str(hit.article_id) in called][:MOST]


def _called(text: str) -> set[str]:
    """Articles of which one keyword, word for word, stands in the text, and is no other's."""
    words = [word.lower() for word in _WORD.findall(text)[:60]]
    terms = {" ".join(words[at : at + length]) for length in range(1, LONGEST_TERM + 1) for at in range(len(words) - length + 1)}
    terms |= {term.removesuffix("s") for term in terms if len(term) > SHORT}
    owners: dict[str, set[str]] = {}
    asked = [form for term in terms for form in (term, term.upper(), term.capitalize())]  # as editors write them
    for pk, keywords in Article.objects.published().public().filter(keywords__overlap=asked).values_list("pk", "keywords"):
        for keyword in {one.lower() for one in keywords} & terms:
            owners.setdefault(keyword, set()).add(str(pk))
    return {next(iter(those)) for those in owners.values() if len(those) == 1}


def offer(thought: Thought, hits: list[Hit]) -> None:
    """Remember what was offered."""
    thought.slots["offered"] = [[str(hit.article_id), hit.title] for hit in hits]


def picked(session: ChatSession, text: str) -> str:
    """The id of the article that the reply picks; "" where it picks none."""
    offered: list[list[str]] = session.slots.get("offered", [])
    if len(offered) == 1 and pattern("yes").match(text) and len(text.split()) <= FEW_WORDS:
        return offered[0][0]
    for place, (pk, _title) in zip(_PLACES, offered, strict=False):
        if len(text.split()) <= FEW_WORDS and pattern(f"the {place}").search(text):
            return pk
    said = {word.lower() for word in _WORD.findall(text)}
    shares = sorted(((len(said & _words(title)), pk) for pk, title in offered), reverse=True)
    alone = len(shares) == 1 or (len(shares) > 1 and shares[0][0] > shares[1][0])
    return shares[0][1] if shares and alone and shares[0][0] >= max(ENOUGH, len(said) / 2) else ""


def none_of_them(session: ChatSession, text: str) -> bool:
    """The visitor says that nothing of what was offered is meant, and nothing else."""
    return "offered" in session.slots and bool(pattern("none of them").match(text))


def look_up(session: ChatSession, pk: str, question: str) -> Hit | None:
    """The picked article, with the passage of it that fits what was asked before."""
    titles = [title for known, title in session.slots.get("offered", []) if known == pk]
    for query in [question, *titles]:
        found = tools.run(session, "search_faq", {"query": query}).found if query else None
        for hit in found.hits if found else ():
            if str(hit.article_id) == pk:
                return hit
    return None


def _words(title: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(title)}
