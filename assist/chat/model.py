"""With a language model: it words the answer and may ask for a tool; plain code decides what of that is done and said.

The way is chosen by the same rules before (routing), tools run under the same guards, and a sentence that tells something must stand in
an article that the search has found (copilot/grounding). Whatever fails, the local engine's answer stands (security T41-T47).
Tools are asked for in the model's validated JSON, so that any OpenAI-compatible server will do.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field

from assist import experiments
from assist.copilot.grounding import Grounded, Sentence, Source, Written, grounded, plain
from assist.models import ChatMessage, ChatSession
from helpdesk.core.llm import LlmUnavailable, Question, complete, prompts, provider
from knowledge.models import Article
from knowledge.search import Found

from . import briefing, slots, tools
from .streaming import Telling
from .thought import Thought, source
from .understanding import Understood

ENGINE = "model"
TURNS, LONGEST_TURN, LONGEST_ARTICLE = 8, 1_000, 3_000
A_DAY = 60  # questions about one chat

CHAT = prompts.declare(
    "chat",
    _("Chat answer"),
    """You are the chat assistant of a company's support. Answer the visitor's last line, in the visitor's language.
Use only what the sources say. Every sentence of the kinds "answer" and "step" names the numbers of the sources it rests on.
Two to four sentences. If the sources do not hold the answer, set can_answer to false.
If one of the tools would help the visitor, name it in "tool" with its arguments; otherwise leave it null.
Promise nothing: no refund, no date, no price, no legal statement, unless a source says it in so many words.
No headings, no links, no images. Tools:
{{tools}}""",
    slots=("tools",),
)


class Wish(BaseModel):
    """A tool that the model would use."""

    name: str = Field(max_length=60)
    arguments: dict[str, Any] = Field(default_factory=dict)


class Said(BaseModel):
    can_answer: bool
    tool: Wish | None = None  # before the words: who waits for a tool's answer is shown no other
    sentences: list[Sentence] = Field(default_factory=list, max_length=12)


def better(session: ChatSession, read: Understood, thought: Thought, found: Found, *, before: int) -> bool:
    """Put the model's answer in the place of the local one, if it stands. False: the local one is what is said."""
    chosen = experiments.choose(CHAT.name, session) if provider().on else None
    if not experiments.asks(CHAT.name, chosen):
        return False
    sources = _sources(found)
    told = " ".join([read.text, *_theirs(session, before)])

    def standing(sentences: list[Sentence], can_answer: bool = True) -> Grounded | None:
        return grounded(Written(can_answer=can_answer, sentences=sentences), sources, told, read.language)

    def words(sentences: list[Sentence]) -> str:
        stands = standing(sentences)
        return _without_marks(stands.text) if stands else ""

    try:
        said = complete(_question(session, read, sources, before, chosen), Said, heard=Telling(session, words))
    except LlmUnavailable:  # on the ledger, with the reason; what was shown meanwhile gives way to the local answer
        return False
    stands = standing(said.sentences, said.can_answer) if said.tool is None else None
    if chosen:
        experiments.answered(chosen, grounded=said.tool is not None or stands is not None)
    if said.tool is not None:
        return _used(session, said.tool, thought)
    return stands is not None and _put(thought, stands, found)


def _put(thought: Thought, stands: Grounded, found: Found) -> bool:
    cited = {one.id for one in stands.sources}
    thought.text = _without_marks(stands.text)
    thought.sources = [source(hit) for hit in found.hits if str(hit.article_id) in cited]
    thought.escalate, thought.failures, thought.engine = "", 0, ENGINE
    thought.settled()
    return bool(thought.text)


def _used(session: ChatSession, wish: Wish, thought: Thought) -> bool:
    """Reading tools are run, what writes is proposed; a tool that this visitor does not have, or that is none, is refused."""
    chosen = tools.named(wish.name)
    if chosen is None or not chosen.allows(session) or chosen.name == "search_faq":
        thought.used(wish.name[:60], "refused")
        return False
    try:
        given = chosen.arguments.model_validate(wish.arguments, strict=True).model_dump()
    except ValueError:
        thought.used(chosen.name, "refused")
        return False
    thought.escalate, thought.engine = "", ENGINE
    (slots.propose if chosen.writes else slots.do)(session, chosen.name, given, thought)
    if thought.escalate:
        thought.escalate = briefing.ASKED  # in our words
    return True


def _question(
    session: ChatSession, read: Understood, sources: list[Source], before: int, chosen: experiments.Chosen | None = None
) -> Question:
    wording_used = experiments.wording(CHAT, chosen)
    known = "\n".join(
        f"{one.name}: {one.description} {json.dumps(one.arguments.model_json_schema().get('properties', {}))}"
        for one in tools.offered(session)
        if one.name != "search_faq"
    )
    turns = session.messages.filter(n__lt=before).order_by("-n")[:TURNS]
    talk = "\n".join(f"{line.role}: {line.content[:LONGEST_TURN]}" for line in reversed(turns))
    data = {"conversation": talk, "the visitor's last line": read.text[:LONGEST_ARTICLE]}
    return Question(
        task="chat",
        instructions=CHAT.filled(wording_used.text, {"tools": known}),
        prompt=wording_used.version,
        data=data | {f"source {one.n}": f"{one.title}\n{one.text}" for one in sources},
        about=f"chat:{session.pk}",
        a_day=A_DAY,
        customer_ref=session.customer_id,
        names=(session.customer.name,) if session.customer.name else (),
        first_word=settings.LLM_FIRST_WORD_SECONDS,
        **(chosen.asked if chosen else {}),
    )


def _sources(found: Found) -> list[Source]:
    hits = {hit.article_id: hit for hit in found.hits}
    rows = Article.objects.public().filter(pk__in=hits)
    best = sorted(rows, key=lambda row: -hits[row.pk].score)
    return [
        Source(n, "article", str(row.pk), row.title, hits[row.pk].url, row.body[:LONGEST_ARTICLE], hits[row.pk].excerpt, row.language)
        for n, row in enumerate(best, 1)
    ]


def _theirs(session: ChatSession, before: int) -> list[str]:
    rows = session.messages.filter(role=ChatMessage.Role.USER, n__lt=before).order_by("-n").values_list("content", flat=True)[:TURNS]
    return [text[:LONGEST_TURN] for text in rows]


def _without_marks(text: str) -> str:
    """The sources stand below the answer; the marks of each sentence are for agents."""
    return "\n\n".join(filter(None, ("\n".join(plain_line(line) for line in part.split("\n")) for part in text.split("\n\n"))))


def plain_line(line: str) -> str:
    number, _dot, rest = line.partition(". ")
    return f"{number}. {plain(rest)}" if number.isdigit() and rest else plain(line)
