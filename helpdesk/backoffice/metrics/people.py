"""What customers thought, and how the team stands at this moment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import CallSession, ChatSession, Draft
from helpdesk.core.models import User
from tickets.models import Escalation, Rating, Ticket

from . import behind
from .scope import Scope, zone

HERE = timedelta(minutes=10)  # since they were last seen
MOST_AGENTS = 12
MOST_ESCALATIONS = 5
MOST_WORDS = 4


# -- satisfaction ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Satisfaction:
    days: dict[date, Counter[int]]  # how often each score was given

    @property
    def n(self) -> int:
        return sum(scores.total() for scores in self.days.values())

    @property
    def scores(self) -> dict[int, int]:
        """5 first."""
        return {score: sum(scores[score] for scores in self.days.values()) for score in range(5, 0, -1)}

    @property
    def mean(self) -> float | None:
        return _mean(sum(self.days.values(), Counter()))

    @property
    def by_day(self) -> dict[date, float | None]:
        return {day: _mean(scores) for day, scores in self.days.items()}

    @property
    def most(self) -> int:
        return max(self.scores.values(), default=0)

    @property
    def good(self) -> float | None:
        """The share of satisfied customers, 0..1 (the contract's `satisfaction_score`)."""
        return sum(n for score, n in self.scores.items() if score >= Rating.GOOD) / self.n if self.n else None

    def since(self, first: date) -> Satisfaction:
        return Satisfaction({day: scores for day, scores in self.days.items() if day >= first})


def _mean(scores: Counter[int]) -> float | None:
    return sum(score * n for score, n in scores.items()) / scores.total() if scores else None


def ratings_of(scope: Scope) -> Any:
    merged = Ticket.objects.filter(merged_into__isnull=False).order_by()  # few: to leave them out costs less than to look at all the others
    found = Rating.objects.filter(created_at__gte=scope.starts, created_at__lt=scope.ends).exclude(ticket__in=merged).order_by()
    found = found.filter(ticket__queue=scope.queue) if scope.queue else found
    return found.filter(ticket__channel=scope.channel) if scope.channel else found


def chats_rated(scope: Scope) -> Any:
    """Chats that the assistant carried alone; those with a ticket are among its ratings."""
    found = ChatSession.objects.filter(rated_at__gte=scope.starts, rated_at__lt=scope.ends, rating__isnull=False, ticket=None).order_by()
    found = found.filter(queue=scope.queue) if scope.queue else found
    return found if scope.channel in ("", Ticket.Channel.CHAT) else found.none()


def satisfaction(scope: Scope) -> Satisfaction:
    """Two statements."""
    rows = list(ratings_of(scope).values_list("score", TruncDate("created_at", tzinfo=zone())).annotate(n=Count("pk")))
    rows += chats_rated(scope).values_list("rating", TruncDate("rated_at", tzinfo=zone())).annotate(n=Count("pk"))
    days: dict[date, Counter[int]] = {}
    for score, day, n in rows:
        days.setdefault(day, Counter())[score] += n
    return Satisfaction(days)


def words(scope: Scope) -> list[Rating]:
    """The latest ratings with words, the bad ones first: they say what to do."""
    said = ratings_of(scope).exclude(comment="").select_related("ticket", "customer", "queue").defer("ticket__analysis", "ticket__clocks")
    return list(said.order_by("score", "-created_at")[:MOST_WORDS])


RATED_BY = {"queue": "queue__name", "agent": "agent__name", "channel": "ticket__channel", "engine": "engine"}


def rates(scope: Scope, by: str) -> list[dict[str, Any]]:
    """Ratings by queue, agent, channel, or by who wrote the reply: people alone, or the engine whose draft was used. Raises KeyError."""
    name = RATED_BY[by]
    found = ratings_of(scope)
    if by == "engine":
        used = Draft.objects.filter(ticket=OuterRef("ticket"), state=Draft.State.USED).order_by("-created_at")
        found = found.annotate(engine=Subquery(used.values("engine")[:1]))
    rows = found.values(name).annotate(n=Count("pk"), mean=Avg("score"), good=Count("pk", filter=Q(score__gte=Rating.GOOD)))
    return [
        {
            "name": row[name] or ("people" if by == "engine" else ""),
            "ratings": row["n"],
            "average": row["mean"],
            "satisfied": row["good"] / row["n"],
        }
        for row in rows.order_by("-n", name)
    ]


# -- now -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What is open at this moment."""

    open: int
    unassigned: int
    overdue: int
    escalated: int
    longest_overdue: datetime | None
    oldest_unanswered: datetime | None
    by_queue: dict[UUID, tuple[int, int]]  # open, overdue
    calls: int
    chats: int
    chats_waiting: int


def standing(scope: Scope) -> Standing:
    """Three statements, over what is open: it costs nothing that there are a million solved tickets."""
    now = timezone.now()
    late = Q(status__in=(Ticket.Status.NEW, Ticket.Status.OPEN), due_at__lt=now)
    waits = Q(status__in=(Ticket.Status.NEW, Ticket.Status.OPEN), first_response_at=None)
    rows = (
        behind.tickets("open", scope)
        .order_by()
        .values("queue_id")
        .annotate(
            n=Count("pk"),
            of_nobody=Count("pk", filter=Q(assignee=None)),
            late=Count("pk", filter=late),
            up=Count("pk", filter=behind.escalated(now=True)),
            longest=Min("due_at", filter=late),
            oldest=Min("created_at", filter=waits),
        )
    )
    found = list(rows)
    calls, chats = CallSession.objects.running(), behind.live_chats()
    if scope.queue:
        calls, chats = calls.filter(queue=scope.queue), chats.filter(queue=scope.queue)
    chat = chats.aggregate(n=Count("pk"), waiting=Count("pk", filter=Q(state=ChatSession.State.WAITING)))
    return Standing(
        open=sum(row["n"] for row in found),
        unassigned=sum(row["of_nobody"] for row in found),
        overdue=sum(row["late"] for row in found),
        escalated=sum(row["up"] for row in found),
        longest_overdue=min((row["longest"] for row in found if row["longest"]), default=None),
        oldest_unanswered=min((row["oldest"] for row in found if row["oldest"]), default=None),
        by_queue={row["queue_id"]: (row["n"], row["late"]) for row in found},
        calls=calls.count(),
        chats=chat["n"],
        chats_waiting=chat["waiting"],
    )


@dataclass(frozen=True)
class Agent:
    user: User
    open: int
    capacity: int
    doing: str
    rating: float | None

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.open / self.capacity)) if self.capacity else 0

    @property
    def tone(self) -> str:
        return "fill-bad" if self.open > self.capacity else "fill-warn" if self.percent > 85 else "fill"  # noqa: PLR2004


def agents(scope: Scope) -> tuple[list[Agent], int, int]:
    """Who carries how much, the most burdened first; how many are here, and how many of them are free. Four statements."""
    now = timezone.now()
    people = User.objects.filter(is_active=True)
    people = people.filter(queues=scope.queue) if scope.queue else people
    carried = behind.tickets("open", scope.everywhere).filter(assignee__isnull=False).order_by()
    load = dict(carried.values_list("assignee").annotate(n=Count("pk")))  # counted by itself: a join would read every ticket there ever was
    rows = sorted(people.filter(Q(pk__in=load) | Q(last_seen_at__gte=now - HERE)), key=lambda row: (-load.get(row.pk, 0), row.name))
    here = [row for row in rows if row.last_seen_at and row.last_seen_at >= now - HERE and row.availability == User.Availability.AVAILABLE]
    calls = dict(CallSession.objects.running().filter(agent__isnull=False).values_list("agent").annotate(since=Max("started_at")))
    rated = dict(
        ratings_of(scope).filter(agent__in=[row.pk for row in rows[:MOST_AGENTS]]).values_list("agent").annotate(mean=Avg("score"))
    )
    free = sum(1 for row in here if row.pk not in load and row.pk not in calls)
    shown = [Agent(row, load.get(row.pk, 0), row.capacity, _doing(row, calls, now), rated.get(row.pk)) for row in rows[:MOST_AGENTS]]
    return shown, len(here), free


def _doing(user: User, calls: dict[UUID, datetime], now: datetime) -> str:
    if user.pk in calls:
        return _("On a call, %(minutes)d min") % {"minutes": (now - calls[user.pk]).total_seconds() // 60}
    if user.last_seen_at is None or user.last_seen_at < now - HERE:
        return _("Not here")
    return str(user.get_availability_display())


def escalations(scope: Scope) -> list[Escalation]:
    """The open ones, the soonest to be acknowledged first. Two statements."""
    people = ("owner", "ticket__customer__organisation", "ticket__organisation", "ticket__assignee")
    found = Escalation.objects.open().filter(ticket__status__in=Ticket.ACTIVE, ticket__merged_into=None).select_related(*people)
    found = found.filter(ticket__queue=scope.queue) if scope.queue else found
    found = found.filter(ticket__channel=scope.channel) if scope.channel else found
    found = found.prefetch_related("ticket__customer__contact_points").defer("ticket__analysis", "ticket__clocks")
    return list(found.order_by(F("due_at").asc(nulls_last=True), "raised_at", "id")[:MOST_ESCALATIONS])
