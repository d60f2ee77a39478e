"""A solved ticket becomes a case that search votes with: what was asked, and which article answered it. No training step.

The article is the one that people used: linked in a reply, put in from a card, behind the draft that was sent, or marked helpful. One
that was marked as not helpful has no vote, however often it was shown. A ticket that comes back is no case any more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q, QuerySet

from assist.models import Draft, Suggestion
from helpdesk.core.embeddings import EmbeddingUnavailable
from knowledge import cases
from knowledge.models import Article, SolvedCase
from tickets.models import Message, Ticket

LINKED, RATED, INSERTED, DRAFTED = 4, 3, 2, 1  # what each way of using an article says for it
MOST_MESSAGES = 50
_LINK = re.compile(r"/help/([\w-]{1,200})/")
DISLIKED = (Suggestion.Feedback.NOT_HELPFUL, Suggestion.Feedback.IRRELEVANT)


def remember_ticket(ticket_id: UUID | str) -> None:
    """Bring the case of this ticket up to date: made when it is solved, changed when people rate, gone when it comes back.

    Raises EmbeddingUnavailable after the case is stored; asked again, it makes the vector.
    """
    ticket = Ticket.objects.select_related("category").filter(pk=ticket_id).first()
    if ticket is None:
        return
    if ticket.status not in Ticket.DONE:
        forget_ticket(ticket.number)
        return
    said = ticket.messages.from_customer().public().filter(automatic=False).in_order()
    turns = list(said.values_list("body_text", flat=True)[: cases.TURNS])
    text = cases.case_text(ticket.subject, turns)
    if not text:
        return
    solved = cases.Solved(
        source=("ticket", ticket.number),
        text=text,
        opening=cases.case_text(ticket.subject, turns, cases.OPENING_TURNS),
        article=article_of(ticket),
        category=ticket.category,
        priority=ticket.priority,
        resolved_at=ticket.resolved_at,
        customer_ref=ticket.customer_id,
    )
    cases.remember([solved])


def forget_ticket(number: str) -> None:
    """Its case goes, vector first: it came back, was erased, or was merged into another."""
    cases.forget(SolvedCase.objects.filter(source_kind="ticket", source_id=number))


def article_of(ticket: Ticket) -> Article | None:
    """The article that solved the ticket, as far as people showed; None when none did."""
    votes: Counter[str] = Counter()
    for slug, weight in _used(ticket):
        votes[slug] += weight
    disliked = set(_articles(ticket).filter(agent_feedback__in=DISLIKED).values_list("source_id", flat=True))
    for slug, _votes in votes.most_common():
        article = Article.objects.filter(_named(slug)).first()
        if article and not {slug, article.slug, str(article.pk)} & disliked:
            return article
    return None


def remember_the_solved(limit: int = 200) -> int:
    """Make the cases of tickets that were solved before anybody remembered; returns how many. A slice: asked until it is 0."""
    known = SolvedCase.objects.filter(source_kind="ticket").values("source_id")
    missing = Ticket.objects.filter(status__in=Ticket.DONE).exclude(number__in=known).order_by("pk").values_list("pk", "number")[:limit]
    done = 0
    for pk, number in list(missing):
        try:
            remember_ticket(pk)
        except EmbeddingUnavailable:
            forget_ticket(number)  # without its vector it would count as made: the next run makes it whole
            break
        done += 1
    return done


def _used(ticket: Ticket) -> Iterator[tuple[str, int]]:
    replies = ticket.messages.public().filter(author_kind=Message.AuthorKind.AGENT).in_order().values_list("body_text", flat=True)
    for body in replies[:MOST_MESSAGES]:
        yield from ((slug, LINKED) for slug in _LINK.findall(body))
    for slug, clicked, feedback in _articles(ticket).values_list("source_id", "agent_clicked", "agent_feedback"):
        if feedback == Suggestion.Feedback.HELPFUL:
            yield slug, RATED
        if clicked:
            yield slug, INSERTED
    for sources in Draft.objects.filter(ticket=ticket, state=Draft.State.USED).values_list("sources", flat=True):
        yield from ((str(one.get("id", "")), DRAFTED) for one in sources if one.get("kind") == "article")


def _articles(ticket: Ticket) -> QuerySet[Suggestion]:
    return Suggestion.objects.filter(ticket=ticket, suggestion_type=Suggestion.Type.ARTICLE)


def _named(name: str) -> Q:
    """Suggestions and drafts name an article by slug or by id."""
    try:
        return Q(slug=name) | Q(pk=UUID(name))
    except ValueError:
        return Q(slug=name)
