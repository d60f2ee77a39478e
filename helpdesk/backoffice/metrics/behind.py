"""The tickets that a number counts, so that every number opens them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assist.models import ChatSession, Draft, Prediction, Suggestion
from tickets.models import Escalation, Rating, Ticket

from . import giving
from .scope import Scope

SILENT = timedelta(hours=12)
NEGATIVE = (Ticket.Sentiment.NEGATIVE, Ticket.Sentiment.VERY_NEGATIVE)
POSITIVE = (Ticket.Sentiment.POSITIVE, Ticket.Sentiment.VERY_POSITIVE)


@dataclass(frozen=True)
class Listing:
    title: str | Promise
    choose: Callable[[Scope], Q]
    of_now: bool = False  # not of a period: what is open at this moment


def _within(name: str, scope: Scope) -> Q:
    return Q(**{f"{name}__gte": scope.starts, f"{name}__lt": scope.ends})


def _late(scope: Scope) -> Q:
    reply = _within("first_response_at", scope) & Q(first_response_at__gt=F("first_reply_due_at"))
    return reply | (_within("resolved_at", scope) & Q(resolved_at__gt=F("resolve_due_at")))


def _drafts(scope: Scope, which: Q) -> Q:
    return Q(pk__in=Draft.objects.filter(which & _within("created_at", scope)).values("ticket"))


def _suggestions(title: str | Promise, which: Q) -> Listing:
    """Those of calls belong to no ticket until one is made."""
    shown = Suggestion.objects.filter(which, shown_to_agent=True, ticket__isnull=False)
    return Listing(title, lambda s: Q(pk__in=shown.filter(_within("created_at", s)).values("ticket")))


def _guessed(scope: Scope, which: Q) -> Q:
    return Q(pk__in=Prediction.objects.filter(which & _within("settled_at", scope), field="category").values("ticket"))


def _rated(scope: Scope, *scores: int) -> Q:
    ratings = Rating.objects.filter(_within("created_at", scope), score__in=scores or range(1, 6))
    return Q(pk__in=ratings.values("ticket"))


def escalated(*, now: bool = False) -> Q:
    """The tickets that had to go up, or those that are up now."""
    raised = Escalation.objects.filter(ticket=OuterRef("pk")).order_by()
    return Q(Exists(raised.open() if now else raised.counting()))


def live_chats() -> QuerySet[ChatSession]:
    """One in which nobody has said a word for half a day is over, whether or not anybody closed it."""
    return ChatSession.objects.running().filter(last_message_at__gte=timezone.now() - SILENT)


def _active(_scope: Scope) -> Q:
    return Q(status__in=Ticket.ACTIVE)


LISTINGS: dict[str, Listing] = {
    "created": Listing(_("New tickets"), lambda s: _within("created_at", s)),
    "solved": Listing(_("Solved"), lambda s: _within("resolved_at", s)),
    "solved-by-people": Listing(_("Solved by people"), lambda s: _within("resolved_at", s) & Q(solved_by_people=True)),
    "answered": Listing(_("First replies"), lambda s: _within("first_response_at", s)),
    "late": Listing(_("Answered or solved late"), _late),
    "negative": Listing(_("Negative mood"), lambda s: _within("created_at", s) & Q(sentiment__in=NEGATIVE)),
    "positive": Listing(_("Positive mood"), lambda s: _within("created_at", s) & Q(sentiment__in=POSITIVE)),
    "escalated": Listing(_("Escalated"), lambda s: _within("created_at", s) & escalated()),
    "rated": Listing(_("Rated"), _rated),
    "rated-low": Listing(_("Rated low"), lambda s: _rated(s, 1, 2)),
    **{f"rated-{score}": Listing(_("Rated"), lambda s, score=score: _rated(s, score)) for score in range(1, 6)},  # type: ignore[misc]
    "drafted": Listing(_("With a draft"), lambda s: _drafts(s, Q())),
    "drafts-used": Listing(_("Draft used"), lambda s: _drafts(s, giving.USED)),
    "drafts-as-written": Listing(_("Draft sent as written"), lambda s: _drafts(s, giving.AS_WRITTEN)),
    "drafts-edited": Listing(_("Draft sent after edits"), lambda s: _drafts(s, giving.EDITED)),
    "drafts-dismissed": Listing(_("Draft dismissed"), lambda s: _drafts(s, giving.DISMISSED)),
    "drafts-ignored": Listing(_("Draft ignored"), lambda s: _drafts(s, giving.IGNORED)),
    **{f"suggested-{kind}": _suggestions(_("Suggestion shown"), Q(suggestion_type=kind)) for kind in Suggestion.Type.values},
    **{
        f"suggestion-used-{kind}": _suggestions(_("Suggestion used"), giving.CLICKED & Q(suggestion_type=kind))
        for kind in Suggestion.Type.values
    },
    "suggestions-rated": _suggestions(_("Suggestion judged"), Q(agent_feedback__isnull=False)),
    "triage-settled": Listing(_("Triage settled"), lambda s: _guessed(s, Q())),
    "triage-wrong": Listing(_("Triage corrected"), lambda s: _guessed(s, ~Q(correct=True))),
    "open": Listing(_("Open"), _active, of_now=True),
    "unassigned": Listing(_("Open, of nobody"), lambda s: _active(s) & Q(assignee=None), of_now=True),
    "overdue": Listing(
        _("Past their SLA"),
        lambda _s: Q(status__in=(Ticket.Status.NEW, Ticket.Status.OPEN), due_at__lt=timezone.now()),
        of_now=True,
    ),
    "chatting": Listing(_("In a chat"), lambda _s: Q(pk__in=live_chats().filter(ticket__isnull=False).values("ticket")), of_now=True),
    "open-escalated": Listing(_("Escalated and open"), lambda s: _active(s) & escalated(now=True), of_now=True),
}


def tickets(name: str, scope: Scope) -> QuerySet[Ticket]:
    """Raises KeyError for a figure that does not exist."""
    found = Ticket.objects.filter(LISTINGS[name].choose(scope), merged_into=None)
    if scope.queue:
        found = found.filter(queue=scope.queue)
    return found.filter(channel=scope.channel) if scope.channel else found
