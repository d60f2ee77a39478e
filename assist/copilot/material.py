"""What a model is given to write from: the conversation, and numbered sources that this customer may be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from assist.models import Draft, TriageRun
from customers import memory
from customers.memory.consent import INFUSION
from customers.models import Customer
from knowledge.models import Article
from tickets.models import Message, Ticket

from .grounding import Source

MOST_ARTICLES, LONGEST_ARTICLE, LONGEST_PASSAGE = 3, 3_000, 280  # characters
TURNS, LONGEST_TURN = 6, 2_000
MOST_FACTS = 12


@dataclass(frozen=True)
class Material:
    ticket: Ticket
    conversation: str
    told: str  # the customer's own words in it
    sources: tuple[Source, ...]
    language: str

    @property
    def data(self) -> dict[str, str]:
        """Named pieces for a question."""
        first = self.ticket.customer.name.partition(" ")[0]
        return {"first name of the customer": first, "conversation": self.conversation} | as_data(self.sources)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.ticket.customer.name,)

    @property
    def level(self) -> str:
        return self.ticket.customer.technical_level or "unknown"


def as_data(sources: Iterable[Source]) -> dict[str, str]:
    """Sources by their numbers. What others wrote, a title too, stands inside the fence and never in a name."""
    return {f"source {one.n}": f"{one.title}\n{one.text}" for one in sources}


def gather(draft: Draft) -> Material:
    """Six queries. Only public articles and the ticket's own customer."""
    ticket = Ticket.objects.select_related("customer", "queue").get(pk=draft.ticket_id)
    run = TriageRun.objects.filter(ticket=ticket).order_by("-created_at").first()
    found = (run.result.get("knowledge") or []) if run else []
    turns = list(ticket.messages.public().filter(automatic=False).order_by("-created_at")[:TURNS])[::-1]
    sources = [*_articles([str(one.get("id", "")) for one in found]), *_incidents(draft), *_facts(ticket)]
    return Material(
        ticket=ticket,
        conversation="\n\n".join([f"Subject: {ticket.subject}", *map(_turn, turns)]),
        told=" ".join([ticket.subject, *(turn.body_text for turn in turns if turn.author_kind == Message.AuthorKind.CUSTOMER)]),
        language=str(((run.result.get("analysis") or {}) if run else {}).get("language") or "en"),
        sources=tuple(replace(one, n=n) for n, one in enumerate(sources, 1)),
    )


def _turn(message: Message) -> str:
    who = "Customer" if message.author_kind == Message.AuthorKind.CUSTOMER else "Support"
    return f"{who}: {message.body_text[:LONGEST_TURN]}"


def _articles(found: list[str]) -> list[Source]:
    rows = {str(article.pk): article for article in Article.objects.public().filter(pk__in=[one for one in found if _is_id(one)])}
    best = [rows[one] for one in found if one in rows][:MOST_ARTICLES]
    return [_article(article) for article in best]


def _article(article: Article) -> Source:
    url, body = f"{settings.SITE_URL}/help/{article.slug}/", article.body
    return Source(0, "article", article.slug, article.title, url, body[:LONGEST_ARTICLE], body[:LONGEST_PASSAGE], article.language)


def _incidents(draft: Draft) -> list[Source]:
    known = [one for one in draft.sources if one.get("kind") == "incident"]
    said = "We know of this incident and work on it"
    return [Source(0, "incident", str(one["id"]), one["title"], "", f"{said}: {one['title']} ({one['id']})", one["title"]) for one in known]


def _facts(ticket: Ticket) -> list[Source]:
    """What is remembered, when the customer allowed that it be used so; nothing that only another team's ticket knows."""
    customer: Customer = ticket.customer
    if not memory.allows(customer, INFUSION, "Entity"):
        return []
    team = Ticket.objects.filter(queue=ticket.queue_id, customer=customer).values("pk")
    rows = memory.facts(customer).filter(Q(ticket_ref=None) | Q(ticket_ref__in=team))[:MOST_FACTS]
    text = "\n".join(f"{row.attribute}: {row.value} (since {row.starts_at:%Y-%m-%d})" for row in rows)
    title = "What we know of the customer"
    return [Source(0, "customer", str(customer.pk), title, f"/customers/{customer.pk}/", text, text)] if text else []


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
