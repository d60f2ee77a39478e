"""A model's summary of a ticket, or of a chat: it words, and plain code keeps only what was said there.

Every line names the messages it rests on; figures, addresses and links must stand there, and so must most of its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field

from assist import experiments
from assist.copilot.grounding import Sentence, Source, may_stand, plain
from helpdesk.core.llm import Question, complete, prompts
from tickets.models import Message, Ticket

from .quoting import ASKED, OPEN, PROMISED, TRIED, Quote, Said

TURNS, LONGEST_TURN = 24, 1_600  # of a long conversation its beginning and its end
MOST = {ASKED: 3, TRIED: 4, PROMISED: 3, OPEN: 3}
A_DAY = 40  # of one ticket

PROMPT = prompts.declare(
    "ticket-summary",
    _("Summary of a ticket"),
    """You sum up a support ticket for the colleague who takes it over. The sources are its messages, in order; notes are internal.
Write short plain sentences in English. Put each into one part: "asked" (what the customer wants), "tried" (what was done or
advised so far), "promised" (what we said we would do), "open" (what still needs an answer). Leave a part out when there is nothing for it.
Every sentence names the numbers of the messages it rests on. Say only what they say: no guesses, no advice, no names of people.""",
)

Part = Literal["asked", "tried", "promised", "open"]


class Line(BaseModel):
    part: Part
    text: str = Field(max_length=400)
    sources: list[int] = Field(default_factory=list, max_length=6)


class Worded(BaseModel):
    """What a model answers."""

    lines: list[Line] = Field(max_length=16)


def word(ticket: Ticket, said: Sequence[Said], *, chosen: experiments.Chosen | None = None, fresh: bool) -> tuple[list[Quote], str]:
    """The lines that may stand, and the prompt's version. Blocks while the model thinks. Raises LlmUnavailable."""
    wording = experiments.wording(PROMPT, chosen)
    about = Question(
        task=PROMPT.name,
        instructions=wording.text,
        prompt=wording.version,
        data={"subject": ticket.subject},
        names=(ticket.customer.name,),
        about=f"ticket:{ticket.pk}",
        a_day=A_DAY,
        customer_ref=ticket.customer_id,
        fresh=fresh,
        **(chosen.asked if chosen else {}),
    )
    stands = ask(about, said, language=ticket.language)
    if chosen:
        experiments.answered(chosen, grounded=bool(stands))
    return stands, wording.version


def ask(about: Question, said: Sequence[Said], *, language: str) -> list[Quote]:
    """The lines that may stand of an answer to `about`, to which what was said is added. Blocks and raises as `word` does."""
    sources = _sources(said, language)
    told = {f"source {one.n}": f"{one.title}:\n{one.text}" for one in sources}
    return _standing(complete(replace(about, data={**about.data, **told}), Worded), sources)


def _sources(said: Sequence[Said], language: str) -> list[Source]:
    shown = said if len(said) <= TURNS else [*said[: TURNS // 4], *said[TURNS // 4 - TURNS :]]
    language = told_in(language)
    return [Source(n, "message", str(one.id), _speaker(one), "", one.text[:LONGEST_TURN], "", language) for n, one in enumerate(shown, 1)]


def told_in(language: str) -> str:
    """Summaries are English, in every variant the same language: the words of a source in another one cannot be compared."""
    return language if language and not language.startswith("en") else "en"


def _speaker(said: Said) -> str:
    if said.visibility == Message.Visibility.INTERNAL:
        return "Internal note"
    return "Customer" if said.author_kind == Message.AuthorKind.CUSTOMER else "Support"


def _standing(worded: Worded, sources: Sequence[Source]) -> list[Quote]:
    known = {one.n: one for one in sources}
    kept: list[Quote] = []
    for line in worded.lines:
        named = [n for n in dict.fromkeys(line.sources) if n in known]
        sentence = Sentence(kind="answer", text=plain(line.text), sources=named)
        full = sum(one.part == line.part for one in kept) >= MOST[line.part]
        if not full and may_stand(sentence, known, "", "en"):
            kept.append(Quote(line.part, sentence.text, known[named[0]].id))
    return kept
