"""A customer says how it went: the signed link that asks them, the one verb that takes their answer, and what a low one sets off.

A link only shows a page: the programs that open every link of a mail rate nothing (security T20). It is signed, goes to the customer's
own mailbox alone, and its rating may be changed for a while.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.db.models import Avg
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer
from helpdesk.core.accounts.links import absolute
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import ApiKey, User
from tickets import intake, merging
from tickets.channels.base import InboundMessage, Sender
from tickets.channels.charsets import clean_text
from tickets.models import Message, Participant, Rating, Ticket

LIFETIME = timedelta(days=60)  # of a link
CHANGE_WITHIN = timedelta(days=14)
LONGEST_COMMENT = 2_000  # characters
LAST = 10  # ratings that make a customer's satisfaction: what they think now, not what they thought years ago
FACES = (
    (5, gettext_lazy("Very good")),
    (4, gettext_lazy("Good")),
    (3, gettext_lazy("So-so")),
    (2, gettext_lazy("Bad")),
    (1, gettext_lazy("Very bad")),
)
_SALT = "rating"


def token_for(ticket: Ticket) -> str:
    return signing.dumps(ticket.pk.hex, salt=_SALT, compress=False)


def link_for(ticket: Ticket, address: str) -> str:
    """A link by which this mailbox may rate the ticket; "" when it is not to be asked: not solved, not theirs, or out of place."""
    asked = ticket.status in Ticket.DONE and _may_be_asked(ticket) and is_theirs(ticket, address)
    return absolute(reverse("rate", args=(token_for(ticket),))) if asked else ""


def is_theirs(ticket: Ticket, address: str) -> bool:
    """Is it the mailbox of the customer whose ticket it is? Whoever is only copied in rates nothing."""
    requester = ticket.participants.filter(role=Participant.Role.REQUESTER, removed_at=None, address__iexact=address)
    return requester.exists() or ticket.customer.contact_points.filter(kind="email", value__iexact=address).exists()


def _may_be_asked(ticket: Ticket) -> bool:
    """Triage says where the question would hurt: `assist/triage/follow_up.py`."""
    plan = ticket.metadata.get("follow_up")
    return not isinstance(plan, dict) or plan.get("due", True) is not False


def opened_by(token: str) -> Ticket | None:
    """The ticket behind a link that we signed; None for every other string. After a merge, the ticket that goes on."""
    try:
        pk = UUID(hex=signing.loads(token, salt=_SALT, max_age=LIFETIME))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    ticket = Ticket.objects.select_related("customer", "queue", "assignee", "merged_into").filter(pk=pk).first()
    return merging.survivor(ticket) if ticket else None


def rate(*, ticket: Ticket, score: int, source: str, comment: str | None = None, by: Customer | ApiKey | User | None = None) -> Rating:
    """Take a rating, or a change of mind. `comment` None leaves the words as they are.

    Raises Invalid for a score outside 1 to 5 or too many words, Conflict when the rating is too old to be changed.
    """
    words = None if comment is None else clean_text(comment).strip()
    if score not in range(1, Rating.BEST + 1):
        raise Invalid(_("A rating is a number of 1 to 5."))
    if words and len(words) > LONGEST_COMMENT:
        raise Invalid(_("A comment has %(most)d characters at most.") % {"most": LONGEST_COMMENT})
    with transaction.atomic():
        ticket.refresh_from_db(from_queryset=Ticket.objects.select_for_update(of=("self",)))  # two presses at once are one rating
        given = Rating.objects.filter(ticket=ticket).first()
        if given is None:
            given = _new(ticket, source)
        elif timezone.now() - given.created_at > CHANGE_WITHIN:
            raise Conflict(_("This rating can no longer be changed."))
        old = (None if given._state.adding else given.score, given.comment)
        given.score, given.comment = score, given.comment if words is None else words
        if old == (given.score, given.comment):
            return given
        given.changed_at = timezone.now()
        given.save()
        _note_satisfaction(ticket.customer_id)
        ticket.record(
            "rating.given", by=by or ticket.customer, subject=given, score=score, old=old[0], commented=bool(given.comment), source=source
        )
    return given


def _new(ticket: Ticket, source: str) -> Rating:
    last = ticket.messages.public().filter(author_kind=Message.AuthorKind.AGENT, user__isnull=False).in_order().last()
    agent = ticket.assignee_id or (last.user_id if last else None)
    return Rating(ticket=ticket, customer_id=ticket.customer_id, queue_id=ticket.queue_id, agent_id=agent, source=source)


def _note_satisfaction(customer_id: UUID) -> None:
    latest = Rating.objects.filter(customer=customer_id).order_by("-created_at")[:LAST]
    score = latest.aggregate(score=Avg("score"))["score"]
    Customer.objects.filter(pk=customer_id).update(satisfaction_score=score)


# -- a low one -------------------------------------------------------------------------------------------------


def follow_up(rating_id: UUID | str) -> Ticket | None:
    """A low rating opens a ticket of its own for a supervisor, in the customer's words; later words are added to it. Safe to repeat."""
    given = Rating.objects.select_related("ticket__queue", "customer").filter(pk=rating_id, score__lte=Rating.LOW).first()
    if given is None:
        return None
    opened = Message.objects.select_related("ticket").filter(channel=Ticket.Channel.WEB_FORM, external_id=_once(given)).first()
    if opened is None:
        return _open(given)
    if given.comment and not opened.ticket.messages.filter(body_text__contains=given.comment).exists():
        intake.receive(_inbound(given, f"{_once(given)}:{int(given.changed_at.timestamp())}", ticket_number=opened.ticket.number))
    return opened.ticket


def _open(given: Rating) -> Ticket:
    with transaction.atomic():
        ticket = intake.receive(_inbound(given, _once(given), follow_up_of=given.ticket.number, rating=given.score)).ticket
        if "escalation" not in ticket.metadata:
            reasons = [_("Rated %(number)s with %(score)d of 5") % {"number": given.ticket.number, "score": given.score}]
            ticket.metadata = {**ticket.metadata, "escalation": {"level": "supervisor", "reasons": reasons, "briefing": reasons}}
            ticket.touch("metadata")
            ticket.record("ticket.escalated", level="supervisor", reasons=reasons)
    return ticket


def _inbound(given: Rating, once: str, **metadata: Any) -> InboundMessage:
    return InboundMessage(
        channel=Ticket.Channel.WEB_FORM,
        sender=Sender(customer_id=given.customer_id, name=given.customer.name),
        subject=_("Low rating: %(subject)s") % {"subject": given.ticket.subject},
        body_text=given.comment or _("Rated with %(score)d of 5, without a word.") % {"score": given.score},
        external_id=once,
        queue=(given.queue or given.ticket.queue).slug,
        priority=Ticket.Priority.HIGH,
        verified="pass",
        metadata=metadata,
    )


def _once(given: Rating) -> str:
    return f"rating-{given.pk}"


def changeable(given: Rating | None) -> bool:
    return given is None or timezone.now() - given.created_at <= CHANGE_WITHIN
