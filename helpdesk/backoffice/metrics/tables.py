"""The board's tables: teams, what people write about, channels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from helpdesk.backoffice import charts
from knowledge.models import Category
from tickets.models import Queue, Ticket
from tickets.templatetags.tickets_ui import channel_icon

from . import people, reading
from .scope import Scope
from .tiles import link, percent, share_of

MOST_TOPICS = 7


def teams(
    scope: Scope, counted: reading.Counted, queues: dict[Any, Queue], standing: people.Standing, target: float
) -> list[dict[str, Any]]:
    """The worst first."""
    found = []
    numbers = counted.by("queue_id", lambda day: day >= scope.first)
    earlier = counted.by("queue_id", lambda day: day < scope.first)
    for pk in {*numbers, *standing.by_queue}:
        queue, one, before = queues.get(pk), numbers.get(pk, Counter()), earlier.get(pk, Counter())
        if queue is None:
            continue
        share, inside = share_of(one["met"], one["met"] + one["missed"]), replace(scope, queue=queue)
        found.append(
            {
                "queue": queue,
                "share": share,
                "percent": percent(share) if share is not None else "",
                "width": round(charts.scale(max(share or 0, 0.7), 0.7, 1, 4, 100), 1),
                "tone": "" if share is None else "fill" if share >= target else "fill-warn" if share >= target - 0.1 else "fill-bad",
                "missed": one["missed"],
                "negative": one["negative"],
                "felt": one["felt"],
                "usual_negative": share_of(before["negative"], before["felt"]),
                "open": standing.by_queue.get(pk, (0, 0))[0],
                "late_url": link("late", inside),
                "open_url": link("open", inside),
            }
        )
    return sorted(found, key=lambda team: (team["share"] is None, team["share"] or 0, -team["open"]))


def topics(scope: Scope, counted: reading.Counted) -> list[dict[str, Any]]:
    """What people write about, against as long a time as usual before; what grew most comes first, then the largest."""
    now: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for day, numbers in counted.topics:
        (now if day >= scope.first else before).update(numbers)
    began = min((day for day, _numbers in counted.topics), default=scope.first)
    length = (scope.first - began).days
    names = dict(Category.objects.values_list("pk", "name"))
    slugs = dict(Category.objects.values_list("pk", "slug"))
    rows: list[dict[str, Any]] = []
    for pk, name in names.items():
        n = now[str(pk)]
        usual = before[str(pk)] * scope.days / length if length >= scope.days else None
        change = None if usual is None else n - round(usual)
        if n:
            tone = "" if change is None or change < max(2, 0.25 * (usual or 0)) else "bad" if change >= max(4, (usual or 0)) else "warn"
            rows.append({"name": name, "n": n, "change": change, "tone": tone, "url": link("created", scope, category=slugs[pk])})
    most = max((row["n"] for row in rows), default=1)
    rows.sort(key=lambda row: (not row["tone"], -(row["change"] or 0) if row["tone"] else 0, -row["n"]))
    return [row | {"width": round(100 * row["n"] / most)} for row in rows[:MOST_TOPICS]]


def channels(scope: Scope, counted: reading.Counted, waits: reading.Waited) -> list[dict[str, Any]]:
    labels = dict(Ticket.Channel.choices)
    numbers = counted.by("channel", lambda day: day >= scope.first)
    rows = [
        {
            "channel": channel,
            "icon": channel_icon(channel),
            "label": labels.get(channel, channel),
            "n": one["created"],
            "wait": waits.parts[channel].p50 if channel in waits.parts else None,
            "url": link("created", replace(scope, channel=channel)),
        }
        for channel, one in numbers.items()
        if one["created"] or channel in waits.parts
    ]
    return sorted(rows, key=lambda row: -row["n"])
