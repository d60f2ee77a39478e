"""The eight figures at the top: value, change, trend, and whether the target is missed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpdesk.backoffice import charts
from helpdesk.core.clock import span
from helpdesk.core.llm import providers

from . import assistance, people, reading
from .definitions import DEFINITIONS, FEW_RATINGS, FEW_WAITS, Definition
from .scope import Scope, zone
from .targets import Target

WEEKS = 4  # of the same weekday make what is usual


@dataclass(frozen=True)
class Tile:
    """One of the eight figures."""

    definition: Definition
    value: str
    unit: str = ""
    note: str = ""
    delta: str = ""
    tone: str = ""  # good | bad: what the change is
    up: bool = False
    spark: charts.Spark | None = None
    missed: bool = False
    few: bool = False
    url: str = ""


def link(name: str, scope: Scope, **more: str) -> str:
    """The list behind a figure."""
    return f"{reverse('dashboard-tickets')}?{urlencode({'of': name, **scope.query, **more})}"


@dataclass(frozen=True)
class Context:
    scope: Scope
    days: list[date]
    per_day: dict[date, Counter[str]]
    now: Counter[str]
    hourly: tuple[dict[tuple[date, int], reading.Hour], dict[date, int]] | None
    targets: dict[str, Target]

    def target(self, name: str) -> float | None:
        return self.targets[name].value

    def earlier(self) -> Counter[str]:
        """What the figures are compared with: as many days before; for one day, the seven before it."""
        length = 7 if self.scope.days == 1 else self.scope.days
        found: Counter[str] = Counter()
        for i in range(1, length + 1):
            found.update(self.per_day.get(self.scope.first - timedelta(days=i), Counter()))
        return found

    def series(self, value: Callable[[Counter[str]], float | None]) -> list[float | None]:
        return [value(self.per_day.get(day, Counter())) for day in self.days]

    def tile(self, name: str, value: str, series: Sequence[float | None], **more: Any) -> Tile:
        definition = DEFINITIONS[name]
        url = link(definition.opens, self.scope) if definition.opens else ""
        return Tile(definition, value, spark=charts.spark(series), url=url, **more)


def share_of(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _change(name: str, value: float | None, earlier: float | None, say: Callable[[float], str], least: float) -> dict[str, Any]:
    """How the figure moved, if it moved enough to be said."""
    if value is None or earlier is None or abs(value - earlier) < least:
        return {}
    up, rising = value > earlier, DEFINITIONS[name].rising
    tone = rising if up else {"bad": "good", "good": "bad"}.get(rising, "")
    return {"delta": say(abs(value - earlier)), "up": up, "tone": tone}


def _points(change: float) -> str:
    return _("%(points).1f pt") % {"points": 100 * change}


def same_weekdays(day: date) -> list[date]:
    return [day - timedelta(days=7 * week) for week in range(1, WEEKS + 1)]


def known(context: Context, days: list[date]) -> list[date]:
    """Those of the days on which we worked already: before the first ticket nothing is usual."""
    began = min(context.per_day, default=None)
    return [day for day in days if began is not None and day >= began]


def created(context: Context) -> Tile:
    value, day = context.now["created"], context.scope.last
    note, change = "", {}
    if context.hourly:
        usual_days = known(context, same_weekdays(day))
        if usual_days:
            usual = sum(context.hourly[1].get(one, 0) for one in usual_days) / len(usual_days)
            words = _("%(n)d on a usual %(day)s by now") if day == timezone.localdate(timezone=zone()) else _("%(n)d on a usual %(day)s")
            note = words % {"n": round(usual), "day": date_format(day, "l")}
            change = _change(
                "created", value, usual, lambda by: f"{by / usual:.0%}" if usual >= FEW_WAITS else f"{by:.0f}", max(1, usual * 0.02)
            )
    else:
        earlier = context.earlier()["created"]
        note = _("%(n)d in the %(days)d days before") % {"n": earlier, "days": context.scope.days}
        if earlier:
            change = _change("created", value, earlier, lambda by: f"{by / earlier:.0%}", max(1, earlier * 0.02))
    return context.tile("created", f"{value:,}", context.series(lambda day: day["created"]), note=note, **change)


def wait(context: Context, name: str, whole: reading.Wait, by_day: reading.Waited, note: str) -> Tile:
    target = context.target(name)
    earlier = [
        wait.p50 for day, wait in by_day.parts.items() if isinstance(day, date) and day < context.scope.first and wait.p50 is not None
    ]
    usual = sorted(earlier)[len(earlier) // 2] if earlier else None
    series = [by_day.parts[day].p50 if day in by_day.parts else None for day in context.days]
    if whole.p50 is None:
        return context.tile(name, "–", series, note=_("Nothing yet"))
    few = whole.n < FEW_WAITS
    said = note % {"p90": span(whole.p90 or 0)} + (_(", target %(target)s") % {"target": span(target)} if target else "")
    if few:
        said = ngettext("%(n)d ticket, too few", "%(n)d tickets, too few", whole.n) % {"n": whole.n}
    change = {} if few else _change(name, whole.p50, usual, span, max(60, (usual or 0) * 0.05))
    missed = not few and target is not None and (whole.p90 or 0) > target
    return context.tile(name, span(whole.p50), series, note=said, few=few, missed=missed, **change)


def sla(context: Context) -> Tile:
    met, missed, earlier = context.now["met"], context.now["missed"], context.earlier()
    share, target = share_of(met, met + missed), context.target("sla") or 0
    series = context.series(lambda day: share_of(day["met"], day["met"] + day["missed"]))
    if share is None:
        return context.tile("sla", "–", series, note=_("Nothing yet"))
    note = _("Target %(target)s. %(missed)d of %(all)d missed") % {"target": f"{target:.0%}", "missed": missed, "all": met + missed}
    change = _change("sla", share, share_of(earlier["met"], earlier["met"] + earlier["missed"]), _points, 0.005)
    return context.tile("sla", percent(share), series, unit="%", note=note, missed=share < target, **change)


def csat(context: Context, found: people.Satisfaction, longer: people.Satisfaction) -> Tile:
    means = longer.by_day
    series = [means.get(day) for day in context.days]
    if found.mean is None:
        return context.tile("csat", "–", series, note=_("No rating yet"))
    few = found.n < FEW_RATINGS
    answered = share_of(found.n, context.now["solved"])
    note = ngettext("%(n)d rating", "%(n)d ratings", found.n) % {"n": found.n}
    note = f"{note}, {_('too few')}" if few else note
    if not few and answered is not None and answered <= 1:
        note += ", " + _("%(share)s answered") % {"share": f"{answered:.0%}"}
    earlier = [value for day, value in means.items() if day < context.scope.first and value is not None]
    usual = sum(earlier) / len(earlier) if earlier else None
    change = {} if few else _change("csat", found.mean, usual, lambda by: f"{by:.2f}", 0.01)
    missed = not few and found.mean < (context.target("csat") or 0)
    unit = str(DEFINITIONS["csat"].unit)
    return context.tile("csat", f"{found.mean:.2f}", series, unit=unit, note=note, few=few, missed=missed, **change)


def negative(context: Context, teams: list[dict[str, Any]]) -> Tile:
    share, earlier = share_of(context.now["negative"], context.now["felt"]), context.earlier()
    series = context.series(lambda day: share_of(day["negative"], day["felt"]))
    if share is None:
        return context.tile("negative", "–", series, note=_("Nothing yet"))
    worst = max((team for team in teams if team["felt"] >= FEW_WAITS), key=lambda team: team["negative"] / team["felt"], default=None)
    note = _("%(team)s %(share)s") % {"team": worst["queue"].name, "share": f"{worst['negative'] / worst['felt']:.0%}"} if worst else ""
    change = _change("negative", share, share_of(earlier["negative"], earlier["felt"]), _points, 0.01)
    missed = share > (context.target("negative") or 1)
    return context.tile("negative", percent(share), series, unit="%", note=note, missed=missed, **change)


def drafts(context: Context, found: assistance.Drafts, by_day: dict[date, float]) -> Tile:
    series = [by_day.get(day) for day in context.days]
    share = share_of(found.used, found.shown)
    if share is None:
        return context.tile("drafts", "–", series, note=_("No draft yet"))
    parts = {"written": f"{found.as_written / found.shown:.0%}", "edited": f"{found.edited / found.shown:.0%}"}
    earlier = [value for day, value in by_day.items() if day < context.scope.first]
    change = _change("drafts", share, sum(earlier) / len(earlier) if earlier else None, _points, 0.01)
    note = _("%(written)s as written, %(edited)s after edits") % parts
    missed = share < (context.target("drafts") or 0)
    return context.tile("drafts", percent(share), series, unit="%", note=note, missed=missed, **change)


def cost(context: Context, spend: assistance.Spend, longer: assistance.Spend) -> Tile:
    days = longer.by_day
    series = [float(days.get(day, 0)) for day in context.days]
    budget = providers.current().budget
    note = ngettext("%(n)d question", "%(n)d questions", spend.calls) % {"n": spend.calls}
    if budget:
        note += ", " + _("budget $%(budget)s a month") % {"budget": f"{budget:.0f}"}
    url = reverse("ai")
    return replace(
        context.tile("cost", money(spend.total), series, note=note if spend.calls else _("The local engine costs nothing")), url=url
    )


def money(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def percent(share: float) -> str:
    """Rounded down where rounding up would say that all is well: 99.96 is not 100."""
    value = math.floor(1000 * share) / 10
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"
