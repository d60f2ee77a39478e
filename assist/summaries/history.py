"""What a customer went through with us, worded by a model from their other tickets: from what those are, never from what was said in them.

Shown to who may see every ticket that a sentence rests on, and as long as those tickets are as they were; else plain code's line stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field

from assist.copilot.grounding import Sentence, Source, may_stand, plain
from helpdesk.core.llm import Question, complete, prompts
from tickets.models import Ticket

from .wording import A_DAY, told_in

FEWEST, MOST = 2, 12  # other tickets that are worth a sentence; that are told of, the newest
MOST_SENTENCES = 3

PROMPT = prompts.declare(
    "customer-summary",
    _("Summary of a customer"),
    """You tell a colleague who takes over a support ticket what its customer went through before. The sources are their other tickets.
Write one to three short plain sentences in English: what kept coming back, how it ended, what is still open, whether they were content.
Every sentence names the numbers of all the sources it rests on. Say only what they say: no guesses, no advice, no names of people.""",
)


class Line(BaseModel):
    text: str = Field(max_length=400)
    sources: list[int] = Field(default_factory=list, max_length=MOST)


class Past(BaseModel):
    """What a model answers."""

    sentences: list[Line] = Field(max_length=6)


Told = list[dict[str, Any]]  # [{"text", "tickets": their ids}]


def word(ticket: Ticket, *, fresh: bool) -> tuple[Told, str]:
    """The sentences that may stand, and the digest of what they rest on; ([], "") where there is little to tell.

    Blocks while the model thinks. Raises LlmUnavailable."""
    known = sources(ticket)
    if len(known) < FEWEST:
        return [], ""
    wording = PROMPT.current()
    asked = Question(
        task=PROMPT.name,
        instructions=wording.text,
        prompt=wording.version,
        data={f"source {one.n}": one.text for one in known},
        names=(ticket.customer.name,),
        about=f"ticket:{ticket.pk}",
        a_day=A_DAY,
        customer_ref=ticket.customer_id,
        fresh=fresh,
    )
    return _standing(complete(asked, Past), known), digest(known)


def told(kept: Told, kept_digest: str, ticket: Ticket, viewer: Any) -> list[str]:
    """The sentences that this viewer may read now. Two queries, none where no model worded any."""
    if not kept or kept_digest != digest(sources(ticket)):
        return []
    named = {UUID(pk) for one in kept for pk in one["tickets"]}
    seen = set(Ticket.objects.visible_to(viewer).filter(pk__in=named).values_list("pk", flat=True))
    return [one["text"] for one in kept if {UUID(pk) for pk in one["tickets"]} <= seen]


def sources(ticket: Ticket) -> list[Source]:
    """The customer's other tickets in the same team's hands. One query."""
    others = Ticket.objects.filter(customer=ticket.customer_id, queue=ticket.queue_id, merged_into=None).exclude(pk=ticket.pk)
    rows = others.select_related("category", "rating").order_by("-created_at", "-pk")[:MOST]
    return [Source(n, "ticket", str(one.pk), one.subject, "", _as_text(one), "", told_in(one.language)) for n, one in enumerate(rows, 1)]


def digest(known: Iterable[Source]) -> str:
    return hashlib.sha256("\n".join(f"{one.id} {one.text}" for one in known).encode()).hexdigest()


def _as_text(ticket: Ticket) -> str:
    rating = getattr(ticket, "rating", None)
    parts = [
        f"Ticket {ticket.number}, opened {ticket.created_at:%Y-%m-%d}: {ticket.subject[:200]}",
        f"Category: {ticket.category.name}" if ticket.category else "",
        f"Solved on {ticket.resolved_at:%Y-%m-%d}" if ticket.resolved_at and not ticket.is_active else f"Open, {ticket.status}",
        "The customer was unhappy" if ticket.sentiment in (Ticket.Sentiment.NEGATIVE, Ticket.Sentiment.VERY_NEGATIVE) else "",
        f"Rated {rating.score} of 5" if rating else "",
    ]
    return ". ".join(filter(None, parts)) + "."


def _standing(past: Past, known: Sequence[Source]) -> Told:
    by_number = {one.n: one for one in known}
    kept: Told = []
    for line in past.sentences:
        named = [n for n in dict.fromkeys(line.sources) if n in by_number]
        sentence = Sentence(kind="answer", text=plain(line.text), sources=named[:5])
        if len(kept) < MOST_SENTENCES and may_stand(sentence, by_number, "", "en"):
            kept.append({"text": sentence.text, "tickets": [by_number[n].id for n in named]})
    return kept
