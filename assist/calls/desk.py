"""The lists of calls: what runs, what is over; and the supervisors' board, sorted by what burns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from assist.models import AgentAction, CallDesk, CallSession, Suggestion, TranscriptionSegment
from helpdesk.core.models import User

from . import risk, screen

PAGE, MOST_RUNNING, MOST_ON_BOARD = 30, 50, 200
LONGEST_QUERY = 200
READ_BACK = 40  # of the customer's segments that words of risk are looked for in
WRAP_UP_WAITS = timedelta(hours=8)
WHO = ("mine", "team")


@dataclass
class Listed:
    running: list[CallSession]
    past: list[CallSession]
    older: str = ""  # cursor of the page behind this one


@dataclass
class Standing:
    """One running call on the board."""

    call: CallSession
    mood: risk.Mood
    risks: list[risk.Risk]
    last: str = ""  # the last words of the customer
    last_heard: datetime | None = None

    @property
    def name(self) -> str:
        return screen.name_of(self.call)

    @property
    def burning(self) -> float:
        return risk.burning(self.risks, self.mood)

    @property
    def tone(self) -> str:
        gravest = self.risks[0].weight if self.risks else 0.0
        return "bad" if gravest >= risk.GRAVE else "warn" if gravest else "good"


@dataclass
class Board:
    standings: list[Standing] = field(default_factory=list)

    @property
    def in_danger(self) -> int:
        return sum(standing.tone == "bad" for standing in self.standings)


def listed(viewer: User, *, who: str = "", q: str = "", after: str = "") -> Listed:
    """Calls that the viewer may see. `who`: mine, or the team's; `q`: name, number, phone, summary; `after`: a cursor."""
    calls = _narrowed(CallSession.objects.visible_to(viewer).with_people(), viewer, who, q.strip()[:LONGEST_QUERY])
    running = [] if after else list(calls.running().order_by("-started_at")[:MOST_RUNNING])
    past = list(_behind(calls.exclude(status__in=CallSession.RUNNING).order_by("-started_at", "id"), after)[: PAGE + 1])
    older = _cursor(past[PAGE - 1]) if len(past) > PAGE else ""
    return Listed(running, past[:PAGE], older)


def board(viewer: User) -> Board:
    """Every running call that the viewer oversees, what burns first. Three queries whatever runs."""
    calls = list(CallSession.objects.visible_to(viewer).running().with_people().order_by("started_at")[:MOST_ON_BOARD])
    said = _said([call.session_id for call in calls])
    heard = _last_heard([call.session_id for call in calls])
    standings = []
    for call in calls:
        words, last_heard = said.get(call.session_id, []), heard.get(call.session_id)
        risks = risk.risks_of(call, said="\n".join(words), last_heard=last_heard)
        standings.append(Standing(call, risk.mood_of(call), risks, words[-1] if words else "", last_heard))
    return Board(sorted(standings, key=lambda standing: (-standing.burning, standing.call.started_at)))


@dataclass(frozen=True)
class Did:
    """How the assistant did in one call."""

    shown: int
    used: int
    ratings: dict[str, int]
    median_ms: float | None
    worst_ms: float | None


def assist_did(call: CallSession) -> Did:
    """Two queries: what was offered and taken, and how quick the answers were."""
    rows = list(Suggestion.objects.filter(session=call).values_list("shown_to_agent", "agent_clicked", "agent_feedback"))
    ratings = Counter(feedback for _shown, _used, feedback in rows if feedback)
    times = AgentAction.objects.filter(session=call, segment__isnull=False).values("segment").annotate(ms=Sum("processing_time_ms"))
    ms = sorted(row["ms"] for row in times)
    return Did(
        sum(shown or used for shown, used, _rating in rows),
        sum(used for _shown, used, _rating in rows),
        {str(label): ratings[value] for value, label in Suggestion.Feedback.choices if ratings[value]},
        ms[len(ms) // 2] if ms else None,
        ms[-1] if ms else None,
    )


def next_in_line(viewer: User, call: CallSession) -> CallSession | None:
    """The call that the agent turns to next: one that rings or runs for them, else one whose wrap-up waits."""
    mine = CallSession.objects.filter(agent=viewer).exclude(pk=call.pk).with_people()
    running = mine.running().order_by("started_at").first()
    return running or mine.filter(wrapped_up_at__isnull=True, ended_at__gte=timezone.now() - WRAP_UP_WAITS).order_by("ended_at").first()


def _narrowed(calls: QuerySet[CallSession], viewer: User, who: str, q: str) -> Any:
    if who == "mine":
        calls = calls.filter(agent=viewer)
    elif who == "team":
        calls = calls.exclude(agent=viewer)
    if q:
        names = Q(customer__name__icontains=q) | Q(phone__icontains=q) | Q(call_id__icontains=q) | Q(summary__icontains=q)
        calls = calls.filter(
            names | Q(ticket__number__iexact=q) | Q(agent__name__icontains=q) | Q(customer__organisation__name__icontains=q)
        )
    return calls


def _behind(calls: QuerySet[CallSession], after: str) -> QuerySet[CallSession]:
    instant, _sep, row = after.partition("_")
    at = parse_datetime(instant.replace(" ", "+")) if instant else None
    if at is None or not row.isdigit():
        return calls
    return calls.filter(started_at__lte=at).filter(Q(started_at__lt=at) | Q(pk__gt=int(row[:18])))


def _cursor(call: CallSession) -> str:
    return f"{call.started_at.isoformat()}_{call.pk}"


def _said(ids: Sequence[Any]) -> dict[Any, list[str]]:
    """The customers' last words by session, oldest first; nothing of those who have not agreed to being read."""
    rows = TranscriptionSegment.objects.filter(session__in=ids, speaker=TranscriptionSegment.Speaker.CUSTOMER).in_order()
    rows = rows.exclude(session__desk__consent__in=CallDesk.WITHHELD)
    found: dict[Any, list[str]] = {}
    for session, text in rows.values_list("session_id", "text"):
        found.setdefault(session, []).append(text)
    return {session: words[-READ_BACK:] for session, words in found.items()}


def _last_heard(ids: Sequence[Any]) -> dict[Any, datetime]:
    rows = TranscriptionSegment.objects.filter(session__in=ids).values("session_id").annotate(last=Max("created_at"))
    return {row["session_id"]: row["last"] for row in rows}
