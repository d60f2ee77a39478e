"""A solved ticket or call becomes a case that search votes with: what was asked, and which article answered it. No training step.

The article is the one that people used: linked in a reply, put in from a card, behind the draft that was sent, or marked helpful. One
that was marked as not helpful has no vote, however often it was shown. What comes back is no case any more. A ticket that began
with a call is remembered by the caller's own sentences, as the call: one matter is one case.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from assist.calls import consent, window
from assist.models import CallDesk, CallSession, Draft, Suggestion, TranscriptionSegment
from helpdesk.core.embeddings import EmbeddingUnavailable
from knowledge import cases
from knowledge.models import Article, SolvedCase
from tickets.models import Message, Ticket

LINKED, RATED, INSERTED, DRAFTED = 4, 3, 2, 1  # what each way of using an article says for it
MOST_MESSAGES, MOST_CALLS = 50, 20  # of one ticket
AT_ONCE = 200
SOME_WORDS = r"\w"
_LINK = re.compile(r"/help/([\w-]{1,200})/")
DISLIKED = (Suggestion.Feedback.NOT_HELPFUL, Suggestion.Feedback.IRRELEVANT)


def remember_ticket(ticket_id: UUID | str) -> bool:
    """Bring the case of this ticket and its calls up to date: made when it is solved, changed when people rate, gone when it comes back.

    Returns whether there is one. Raises EmbeddingUnavailable after the case is stored; asked again, it makes the vector.
    """
    ticket = Ticket.objects.select_related("category").filter(pk=ticket_id).first()
    if ticket is None:
        return False
    calls = list(_calls(ticket))
    told = [remember_call(call.session_id) or not consent.may_read(call) for call in calls]
    if ticket.merged_into_id or ticket.status not in Ticket.DONE or (ticket.channel == Ticket.Channel.PHONE and any(told)):
        forget_ticket(ticket.number)
        return any(told)
    said = ticket.messages.from_customer().public().filter(automatic=False).in_order()
    turns = list(said.values_list("body_text", flat=True)[: cases.TURNS])
    text = cases.case_text(ticket.subject, turns)
    if not text:
        return False
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
    return True


def remember_call(session_id: UUID | str) -> bool:
    """The same for a call, by the caller's own sentences; returns whether it is a case. Without consent nothing is learned of it.

    Raises EmbeddingUnavailable as `remember_ticket` does.
    """
    call = CallSession.objects.select_related("ticket__category", "queue").filter(session_id=session_id).first()
    if call is None:
        return False
    said = window.read(call) if _is_solved(call) and consent.may_read(call) else window.Window(())
    text = said.question.strip()
    if not text:
        forget_call(session_id)
        return False
    ticket = call.ticket
    solved = cases.Solved(
        source=("call", str(call.session_id)),
        text=text,
        opening=window.fit(" ".join(said.telling[: cases.OPENING_TURNS])),
        article=article_of(ticket, call),
        category=ticket.category if ticket else None,
        priority=ticket.priority if ticket else "",
        resolved_at=(ticket.resolved_at if ticket else None) or call.ended_at,
        customer_ref=call.customer_id,
    )
    cases.remember([solved])
    return True


def remember_call_of(suggestion_id: str | int) -> None:
    """Somebody used or judged what was offered in a call without a ticket."""
    suggestion = Suggestion.objects.select_related("session").filter(pk=suggestion_id, session__isnull=False).first()
    if suggestion and suggestion.session:
        remember_call(suggestion.session.session_id)


def forget_ticket(number: str) -> None:
    """Its case goes, vector first: it came back, was erased, became part of another, or is remembered as a call."""
    cases.forget(SolvedCase.objects.filter(source_kind="ticket", source_id=number))


def forget_call(session_id: UUID | str) -> None:
    cases.forget(SolvedCase.objects.filter(source_kind="call", source_id=str(session_id)))


def article_of(ticket: Ticket | None, call: CallSession | None = None) -> Article | None:
    """The article that solved them, as far as people showed; None when none did. Without `call`: with all calls of the ticket."""
    calls = [call] if call else list(_calls(ticket)) if ticket else []
    offered = Suggestion.objects.filter(
        Q(ticket=ticket, ticket__isnull=False) | Q(session__in=calls), suggestion_type=Suggestion.Type.ARTICLE
    )
    votes: Counter[str] = Counter()
    for slug, weight in (*_accepted(offered), *(_written(ticket) if ticket else ())):
        votes[slug] += weight
    disliked = set(offered.filter(agent_feedback__in=DISLIKED).values_list("source_id", flat=True))
    for slug, _votes in votes.most_common():
        article = Article.objects.filter(_named(slug)).first()
        if article and not {slug, article.slug, str(article.pk)} & disliked:
            return article
    return None


def remember_the_solved(limit: int = 200) -> int:
    """Make the cases of what was solved before anybody remembered; returns how many. A slice: asked until it is 0.

    What has no words is passed over, so that it never stands in the way of what comes after it.
    """
    done = 0
    for remember, forget in _not_remembered():
        if done == limit:
            break
        try:
            done += remember()
        except EmbeddingUnavailable:
            forget()  # without its vector it would count as made: the next run makes it whole
            break
    return done


def _not_remembered() -> Iterator[tuple[Callable[[], bool], Callable[[], None]]]:
    """(remember, forget) for each: solved tickets and calls with words in them and no case, oldest first."""
    known = SolvedCase.objects.filter(source_kind="ticket").values("source_id")
    spoken = Message.objects.from_customer().public().filter(ticket=OuterRef("pk"), automatic=False, body_text__regex=SOME_WORDS)
    called = CallSession.objects.filter(ticket=OuterRef("number")).filter(
        Exists(_remembered_call()) | Q(desk__consent__in=CallDesk.WITHHELD)
    )
    worded = Q(subject__regex=SOME_WORDS) | Exists(spoken)
    tickets = Ticket.objects.filter(worded, status__in=Ticket.DONE, merged_into=None).exclude(number__in=known)
    tickets = tickets.exclude(Exists(called), channel=Ticket.Channel.PHONE)
    for ticket in tickets.order_by("pk").only("pk", "number").iterator(AT_ONCE):
        yield partial(remember_ticket, ticket.pk), partial(forget_ticket, ticket.number)
    calls = CallSession.objects.filter(_solved()).exclude(Exists(_remembered_call())).exclude(desk__consent__in=CallDesk.WITHHELD)
    told = TranscriptionSegment.objects.filter(session=OuterRef("session_id"), speaker=TranscriptionSegment.Speaker.CUSTOMER)
    for session_id in calls.filter(Exists(told)).order_by("pk").values_list("session_id", flat=True).iterator(AT_ONCE):
        yield partial(remember_call, session_id), partial(forget_call, session_id)


def _remembered_call() -> QuerySet[SolvedCase]:
    return SolvedCase.objects.filter(source_kind="call", source_id=Cast(OuterRef("session_id"), TextField()))


def _calls(ticket: Ticket) -> QuerySet[CallSession]:
    return CallSession.objects.filter(ticket=ticket, ended_at__isnull=False).order_by("pk")[:MOST_CALLS]


def _solved() -> Q:
    """Its ticket is solved; or the agent says so of the call, and no ticket of it is still to be worked on."""
    still_open = Q(ticket__status__in=(Ticket.Status.NEW, Ticket.Status.OPEN))
    return Q(ended_at__isnull=False) & (Q(ticket__status__in=Ticket.DONE) | Q(disposition=CallSession.Disposition.RESOLVED) & ~still_open)


def _is_solved(call: CallSession) -> bool:
    return CallSession.objects.filter(_solved(), pk=call.pk).exists()


def _accepted(offered: QuerySet[Suggestion]) -> Iterator[tuple[str, int]]:
    for slug, clicked, feedback in offered.values_list("source_id", "agent_clicked", "agent_feedback"):
        if feedback == Suggestion.Feedback.HELPFUL:
            yield slug, RATED
        if clicked:
            yield slug, INSERTED


def _written(ticket: Ticket) -> Iterator[tuple[str, int]]:
    replies = ticket.messages.public().filter(author_kind=Message.AuthorKind.AGENT).in_order().values_list("body_text", flat=True)
    for body in replies[:MOST_MESSAGES]:
        yield from ((slug, LINKED) for slug in _LINK.findall(body))
    for sources in Draft.objects.filter(ticket=ticket, state=Draft.State.USED).values_list("sources", flat=True):
        yield from ((str(one.get("id", "")), DRAFTED) for one in sources if one.get("kind") == "article")


def _named(name: str) -> Q:
    """Suggestions and drafts name an article by slug or by id."""
    try:
        return Q(slug=name) | Q(pk=UUID(name))
    except ValueError:
        return Q(slug=name)
