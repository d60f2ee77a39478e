"""Everything that the dashboard says of one scope, read in a number of statements that does not grow with the tickets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from helpdesk.backoffice import charts
from helpdesk.core.llm import providers
from tickets.models import Escalation, Queue

from . import assistance, people, reading, tables, targets, tiles
from .burning import Burning, burning
from .definitions import FEW_RATINGS
from .scope import Scope, zone
from .tiles import Context, Tile, known, same_weekdays, share_of

FRESH = 5  # seconds that one reading serves everybody who looks
FORTNIGHT = 14


@dataclass
class Board:
    scope: Scope
    read_at: datetime
    tiles: list[Tile]
    burning: list[Burning]
    standing: people.Standing
    volume: charts.Bars
    volume_words: str
    targets: dict[str, targets.Target]
    first_reply: charts.Lines | None
    mood: charts.Moods | None
    teams: list[dict[str, Any]]
    agents: list[people.Agent]
    here: int
    free: int
    escalations: list[Escalation]
    drafts: assistance.Drafts
    drafts_stack: list[tuple[str, float, float]]
    drafts_spark: charts.Spark | None
    kinds: list[assistance.Kind]
    feedback: dict[str, int]
    spend: assistance.Spend
    per_ticket: Decimal | None
    budget: Decimal
    accuracy: tuple[int, float | None]
    deflection: tuple[int, int]
    satisfaction: people.Satisfaction
    words: list[Any]
    topics: list[dict[str, Any]]
    channels: list[dict[str, Any]]
    totals: Counter[str] = field(default_factory=Counter)

    @property
    def critical(self) -> int:
        return sum(one.tone == "bad" for one in self.burning)

    @property
    def few_ratings(self) -> bool:
        return self.satisfaction.n < FEW_RATINGS


def of(scope: Scope) -> Board:
    """The board, at most five seconds old."""
    key = f"dashboard:{get_language()}:{urlencode(scope.query)}:{scope.last}"
    found: Board | None = cache.get(key)
    if found is None:
        found = read(scope)
        cache.set(key, found, FRESH)
    return found


def read(scope: Scope) -> Board:
    days = _series_days(scope)
    counted, queues = _counted(scope, days[0]), {queue.pk: queue for queue in Queue.objects.all()}
    now, standing, aims = counted.total(lambda day: day >= scope.first), people.standing(scope), targets.current(scope.queue)
    inside, replies = reading.waits("first_reply", scope, days[0], "queue_id", "channel")
    teams = tables.teams(scope, counted, queues, standing, aims["sla"].value or 0)
    context = Context(scope, days, counted.by("day"), now, _hourly(scope) if scope.days == 1 else None, aims)
    longer = replace(scope, first=days[0])  # what the trends show
    satisfied, given = people.satisfaction(longer), assistance.given(longer)
    labels, volume, words = _volume(context)
    agents, here, free = people.agents(scope)
    return Board(
        scope=scope,
        read_at=timezone.now(),
        tiles=_tiles(context, teams, replies=(inside.whole, replies), satisfied=satisfied, given=given),
        burning=burning(scope, standing, teams, inside, queues, target=aims["first_reply"].value),
        standing=standing,
        volume=volume,
        volume_words=words,
        targets=aims,
        first_reply=_percentiles(days, replies, aims["first_reply"].value),
        mood=_mood(context, labels),
        teams=teams,
        agents=agents,
        here=here,
        free=free,
        escalations=people.escalations(scope),
        satisfaction=satisfied.since(scope.first),
        words=people.words(scope),
        topics=tables.topics(scope, counted),
        channels=tables.channels(scope, counted, inside),
        totals=now,
        **_assisted(scope, days, given),
        **_spent(given.since(scope.first).spend, now["created"]),
    )


def _counted(scope: Scope, first: date) -> reading.Counted:
    """Of as many days as any figure looks back."""
    usual_from = scope.first - timedelta(days=7 * tiles.WEEKS)
    return reading.counted(replace(scope, first=min(usual_from, first), period=""))


def _tiles(
    context: Context,
    teams: list[dict[str, Any]],
    *,
    replies: tuple[reading.Wait, reading.Waited],
    satisfied: people.Satisfaction,
    given: assistance.Given,
) -> list[Tile]:
    """`satisfied` and `given` reach as far back as the trends."""
    first = context.scope.first
    of_scope = given.since(first)
    solutions, solved = reading.waits("resolution", context.scope, context.days[0], "channel")
    return [
        tiles.created(context),
        tiles.wait(context, "first_reply", *replies, _("90th %(p90)s")),
        tiles.wait(context, "resolution", solutions.whole, solved, _("90th percentile %(p90)s")),
        tiles.sla(context),
        tiles.csat(context, satisfied.since(first), satisfied),
        tiles.negative(context, teams),
        tiles.drafts(context, of_scope.drafts, given.drafts.shares),
        tiles.cost(context, of_scope.spend, given.spend),
    ]


def _assisted(scope: Scope, days: list[date], given: assistance.Given) -> dict[str, Any]:
    """What the assistance did, and how well; of drafts, the trend goes further back."""
    used, of_scope = given.drafts.shares, given.since(scope.first)
    drafts = of_scope.drafts
    return {
        "drafts": drafts,
        "drafts_stack": charts.stack([("a1", drafts.as_written), ("a2", drafts.edited), ("a3", drafts.dismissed), ("a4", drafts.ignored)]),
        "drafts_spark": charts.spark([used.get(day) for day in days], 240, 28),
        "kinds": of_scope.kinds,
        "feedback": of_scope.feedback,
        "accuracy": of_scope.accuracy,
        "deflection": assistance.deflection(scope),
    }


def _spent(spend: assistance.Spend, created: int) -> dict[str, Any]:
    return {"spend": spend, "per_ticket": spend.total / created if created else None, "budget": providers.current().budget}


# -- charts ----------------------------------------------------------------------------------------------------


def _series_days(scope: Scope) -> list[date]:
    length = max(FORTNIGHT, scope.days)
    return [scope.last - timedelta(days=length - 1 - i) for i in range(length)]


def _hourly(scope: Scope) -> tuple[dict[tuple[date, int], reading.Hour], dict[date, int]]:
    return reading.hours(scope, [scope.last, *same_weekdays(scope.last)])


def _volume(context: Context) -> tuple[list[Any], charts.Bars, str]:
    scope, today = context.scope, timezone.localdate(timezone=zone())
    if context.hourly is None:
        days = [scope.first + timedelta(days=i) for i in range(scope.days)]
        values = [context.per_day.get(day, Counter()) for day in days]
        usual = [_mean([context.per_day.get(one, Counter())["created"] for one in known(context, same_weekdays(day))]) for day in days]
        now = len(days) - 1 if days[-1] == today else None
        labels = [date_format(day, "j M") for day in days]
        bars = charts.volume(labels, [one["created"] for one in values], [one["solved"] for one in values], usual, now)
        return days, bars, _volume_words(labels, [one["created"] for one in values])
    found, _by_now = context.hourly
    usual_days = known(context, same_weekdays(scope.last))
    hour_now = timezone.localtime(timezone=zone()).hour if scope.last == today else 23
    busy = [hour for (_day, hour), one in found.items() if one.created or one.solved]
    first, last = min([*busy, hour_now, 8]), max([*busy, hour_now, 18])
    hours = list(range(first, last + 1))
    usual = [_mean([found.get((day, hour), reading.Hour()).created for day in usual_days]) for hour in hours]
    ours = [found.get((scope.last, hour), reading.Hour()) for hour in hours]
    labels = [f"{hour:02}" for hour in hours]
    created = [one.created for one in ours]
    bars = charts.volume(labels, created, [one.solved for one in ours], usual, hours.index(hour_now) if scope.last == today else None)
    return hours, bars, _volume_words([f"{label}:00" for label in labels], created)


def _volume_words(labels: list[str], created: list[int]) -> str:
    if not any(created):
        return _("No new ticket.")
    most = max(created)
    return _("%(all)d new tickets; most at %(when)s: %(most)d.") % {"all": sum(created), "when": labels[created.index(most)], "most": most}


def _mean(values: list[int]) -> float | None:
    return sum(values) / len(values) if values else None


def _percentiles(days: list[date], replies: reading.Waited, target: float | None) -> charts.Lines | None:
    def series(name: str) -> list[float | None]:
        found = [replies.parts.get(day) for day in days]
        return [getattr(wait, name) / 60 if wait and getattr(wait, name) is not None else None for wait in found]

    named = {"95": series("p95"), "90": series("p90"), "50": series("p50")}
    labels = [date_format(day, "j M") for day in days]
    if days[-1] == timezone.localdate(timezone=zone()):
        labels[-1] = _("Today")
    return charts.percentiles(labels, named, target / 60 if target else None)


def _mood(context: Context, places: list[Any]) -> charts.Moods | None:
    if context.hourly is None:
        found = [context.per_day.get(day, Counter()) for day in places]
        shares = [(share_of(one["positive"], one["felt"]), share_of(one["negative"], one["felt"])) for one in found]
        labels = [date_format(day, "j") for day in places]
    else:
        today = timezone.localdate(timezone=zone())
        until = timezone.localtime(timezone=zone()).hour if context.scope.last == today else 23
        places = [hour for hour in places if hour <= until]
        hours = [context.hourly[0].get((context.scope.last, hour), reading.Hour()) for hour in places]
        shares = [(share_of(one.positive, one.felt), share_of(one.negative, one.felt)) for one in hours]
        labels = [f"{hour:02}" for hour in places]
    return charts.moods(labels, [up for up, _down in shares], [down for _up, down in shares])
