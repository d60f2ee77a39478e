"""Tickets in bulk: the earlier copy goes, the new one is written in one transaction, then read, remembered and understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from assist.triage.case import Case, Turn
from assist.triage.reading import without_vectors
from helpdesk.core import events
from helpdesk.core.embeddings import store
from helpdesk.core.models import Event, Receipt
from knowledge import cases
from knowledge.models import SolvedCase
from tickets import searching
from tickets.models import Attachment, Delivery, Message, Participant, Rating, Tag, ThreadReference, Ticket, TicketRead

from .company import Cast
from .files import attach_files
from .moments import Moments
from .source import demo_id, stories
from .telling import Told, begun_at, tell

SOURCE = "ticket"  # of solved cases, and the kind of the tickets' vectors
Advance = Callable[[int], None]


def replace_tickets(cast: Cast, at: Moments) -> list[Told]:
    """All stories as tickets, instead of the copy of an earlier load. Numbers are given by day, in the order of arrival."""
    told = []
    with transaction.atomic():
        # only what was loaded by us: tickets are known by their id, and everything else hangs on them
        forget(Ticket.objects.filter(pk__in=[demo_id("ticket", story["key"]) for story in stories()]))
        written = sorted(stories(), key=lambda story: begun_at(story, at))
        numbers = _numbers(begun_at(story, at).date() for story in written)
        told = [tell(story, number, cast, at) for story, number in zip(written, numbers, strict=True)]
        _write(told)
    return told


def forget(tickets: QuerySet[Ticket]) -> None:
    """Tickets with their files, and what search and triage remember of them."""
    ids = list(tickets.values_list("pk", flat=True))
    for attachment in Attachment.objects.filter(message__ticket__in=ids):
        transaction.on_commit(lambda file=attachment.file: file.storage.delete(file.name))  # type: ignore[misc]
    cases.forget(SolvedCase.objects.filter(source_kind=SOURCE, source_id__in=list(tickets.values_list("number", flat=True))))
    store.forget(SOURCE, ids)
    Event.objects.filter(ticket_ref__in=ids).delete()
    tickets.delete()


def _numbers(days: Any) -> list[str]:
    """The next free numbers of each UTC day, in blocks: one statement a day instead of one a ticket."""
    wanted = list(days)
    last: dict[date, int] = {}
    with connection.cursor() as cursor:
        for day, count in sorted(Counter(wanted).items()):
            cursor.execute(
                "INSERT INTO tickets_ticketnumber (day, last) VALUES (%s, %s) "
                "ON CONFLICT (day) DO UPDATE SET last = tickets_ticketnumber.last + EXCLUDED.last RETURNING last",
                [day, count],
            )
            last[day] = cursor.fetchone()[0] - count
    numbers = []
    for day in wanted:
        last[day] += 1
        numbers.append(f"TKT-{day:%Y%m%d}-{last[day]:04d}")
    return numbers


def _write(told: list[Told]) -> None:
    Ticket.objects.bulk_create([one.ticket for one in told])
    for model, rows in (
        (Participant, "participants"),
        (Message, "messages"),
        (Delivery, "deliveries"),
        (ThreadReference, "references"),
        (TicketRead, "reads"),
    ):
        model._default_manager.bulk_create([row for one in told for row in getattr(one, rows)])
    tags = {name: Tag.named(name) for one in told for name in one.story.get("tags", ())}
    carried = [Ticket.tags.through(ticket_id=one.ticket.pk, tag_id=tags[name].pk) for one in told for name in one.story.get("tags", ())]
    Ticket.tags.through._default_manager.bulk_create(carried)
    # in order of time over all tickets, as the partners' feed reads them
    Event.objects.bulk_create(sorted((event for one in told for event in one.events), key=lambda event: event.occurred_at))
    Rating.objects.bulk_create([given for one in told if (given := _rating(one))])
    attach_files(file for one in told for file in one.files)


RATED_AFTER = timedelta(minutes=50)  # the mail that solved it was read
PRAISE = {
    1: "Three people, three different answers.",
    2: "It works now, but I had to ask twice.",
    3: "Fine in the end. It took a day.",
    4: "Good answer, and the article helped.",
    5: "Read the log before replying. Rare.",
}


def _rating(one: Told) -> Rating | None:
    """What the customer thought of it, with a word now and then."""
    score, ticket = one.story.get("satisfaction"), one.ticket
    if not score or ticket.resolved_at is None:
        return None
    at = min(ticket.resolved_at + RATED_AFTER, timezone.now())
    talkative = int(ticket.number[-4:]) % 4 == 0 or score < Rating.GOOD
    return Rating(
        ticket=ticket,
        customer_id=ticket.customer_id,
        queue_id=ticket.queue_id,
        agent_id=ticket.assignee_id,
        score=score,
        comment=PRAISE[score] if talkative else "",
        source=Rating.Source.MAIL,
        created_at=at,
        changed_at=at,
    )


def make_searchable(told: list[Told], advance: Advance) -> None:
    with transaction.atomic():
        for one in told:
            searching.index_ticket(one.ticket.pk)
            for message in one.messages:
                searching.index_message(message.pk)
            advance(1)


def remember(told: list[Told], cast: Cast, advance: Advance) -> None:
    """Vectors of all tickets, and the memory of solved work that search and triage learn from. Raises EmbeddingUnavailable."""
    solved = [one for one in told if not one.is_open]
    cases.remember(_solved_case(one, cast) for one in solved)
    advance(len(solved))
    store.remember(SOURCE, [store.Passage(one.ticket.pk, 0, without_vectors(_case(one)).text) for one in solved])
    advance(len(told) - len(solved))


def _solved_case(one: Told, cast: Cast) -> cases.Solved:
    ticket = one.ticket
    return cases.Solved(
        source=(SOURCE, ticket.number),
        text=cases.case_text(ticket.subject, _said(one)),
        article=cast.articles.get(one.story.get("article", "")),
        category=ticket.category,
        priority=ticket.priority,
        resolved_at=ticket.resolved_at,
        customer_ref=ticket.customer_id,
    )


def _case(one: Told) -> Case:
    *earlier, latest = _said(one)
    return Case(subject=one.ticket.subject, body=latest, earlier=tuple(Turn(text=text) for text in earlier))


def _said(one: Told) -> list[str]:
    return [message.body_text for message in one.messages if message.author_kind == Message.AuthorKind.CUSTOMER]


def understand(told: list[Told], advance: Advance) -> None:
    """Let triage read what is open, as if the customer's newest words had just come in. Only assist hears of it: no mail, no rule."""
    for one in told:
        if one.is_open:
            for receipt in _receipts(one.newest_from_customer.pk):
                events.run(receipt.pk)
            leave_as_read(one.ticket.pk)
            advance(1)


def leave_as_read(ticket: UUID) -> None:
    """What triage escalated is in the queue of escalations at the first look, and under colleagues' bell; no rule and no partner hears.

    The local engine's drafts stay: a first start asks no model to write a demonstration.
    """
    waiting = Receipt.objects.filter(Receipt.OPEN, event__ticket_ref=ticket)
    bells = ("tickets.put_in_the_queue_of_escalations", "tickets.tell_colleagues")
    for receipt in waiting.filter(event__kind="ticket.escalated", subscriber__in=bells):
        events.run(receipt.pk)
    silent = Q(event__kind="triage.completed") | Q(subscriber__in=("tickets.fire_rules", "helpdesk.tell_webhooks"))
    waiting.filter(silent).update(done_at=timezone.now())


def _receipts(message: UUID) -> list[Receipt]:
    event = Event.objects.get(kind="message.received", subject_id=str(message))
    assist = [name for name in events.subscribers_of(event.kind) if name.startswith("assist.")]
    return Receipt.objects.bulk_create([Receipt(event=event, subscriber=name, due_at=timezone.now()) for name in assist])
