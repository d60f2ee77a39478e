"""What the agent is offered: articles, similar tickets, proposed changes, and a draft. A new run retires what no longer fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from django.utils import timezone

from assist.actions import deciding, proposing
from assist.learning import policy
from assist.models import Draft, Suggestion
from tickets.models import Message, Ticket

from .pipeline import Outcome
from .teaming import Team

Key = tuple[str, str]
KINDS = (Suggestion.Type.ARTICLE, Suggestion.Type.SIMILAR_TICKET, Suggestion.Type.ACTION)


def offer(ticket: Ticket, message: Message, outcome: Outcome, *, team: Team | None) -> None:
    """Runs in the caller's transaction, with the ticket locked."""
    _offer_suggestions(ticket, message, outcome, team)
    _offer_draft(ticket, message, outcome)


def _offer_suggestions(ticket: Ticket, message: Message, outcome: Outcome, team: Team | None) -> None:
    """Same suggestion, same row: what an agent said about it stays with it."""
    rows = Suggestion.objects.filter(ticket=ticket, suggestion_type__in=KINDS)
    known: dict[Key, Suggestion] = {(row.suggestion_type, row.source_id): row for row in rows}
    wanted: dict[Key, Suggestion] = {(row.suggestion_type, row.source_id): row for row in _suggestions(ticket, message, outcome, team)}
    for key, row in wanted.items():
        if key in known:
            row.pk, row.created_at = known[key].pk, known[key].created_at
            row.details |= {name: known[key].details[name] for name in deciding.KEPT if name in known[key].details}
    kept = [row for key, row in wanted.items() if key in known]
    fields = ["title", "content", "source_title", "source_url", "why", "confidence_score", "details", "retired_at"]
    if kept:
        Suggestion.objects.bulk_update(kept, fields)
    Suggestion.objects.bulk_create([row for key, row in wanted.items() if key not in known])
    gone = [row.pk for key, row in known.items() if key not in wanted and row.retired_at is None]
    if gone:
        Suggestion.objects.filter(pk__in=gone).update(retired_at=timezone.now())


def _suggestions(ticket: Ticket, message: Message, outcome: Outcome, team: Team | None) -> Iterator[Suggestion]:
    articles = policy.of("article")
    for article in outcome.knowledge:
        if not articles.may_propose(article.relevance_score):
            continue
        yield Suggestion(
            ticket=ticket,
            suggestion_type=Suggestion.Type.ARTICLE,
            title=article.title[:500],
            content=article.excerpt,
            source_kind="article",
            source_id=article.slug[:64] if len(article.slug) <= 64 else article.id,  # noqa: PLR2004 - the column's length
            source_title=article.title[:500],
            source_url=article.url[:500],
            why=article.why[:500],
            confidence_score=article.relevance_score,
        )
    for other in outcome.similar:
        yield Suggestion(
            ticket=ticket,
            suggestion_type=Suggestion.Type.SIMILAR_TICKET,
            title=other.subject[:500] or other.ticket_id,
            source_kind="ticket",
            source_id=other.ticket_id,
            source_title=other.ticket_id,
            why=other.why,
            confidence_score=other.score,
            details={"duplicate": True} if other.duplicate else {},
        )
    yield from proposing.of_outcome(ticket, message, outcome, team)


def _offer_draft(ticket: Ticket, message: Message, outcome: Outcome) -> None:
    reply = outcome.reply
    if not reply.response_text:
        return
    ms = next((step.ms for step in outcome.steps if step.name == "respond"), 0.0)
    Draft.objects.create(
        ticket=ticket,
        answers=message,
        text=reply.response_text,
        sources=[asdict(source) for source in reply.sources],
        action_steps=list(reply.action_steps),
        confidence=reply.confidence,
        engine=reply.engine,
        tone=reply.tone,
        ms=ms,
    )
