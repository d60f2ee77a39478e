"""Whether conditions hold: once in Python, for one ticket as an event found it, and once as SQL, for all tickets by the clock.

Conditions are data: {"all": [{"field", "op", "value"}], "any": [...]}. All of `all` must hold, and one of `any` if there are some.
Both readings agree on every ticket (tested with made-up ones). What is malformed never holds and never raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Q
from django.utils.translation import gettext as _

from tickets.models import Tag, Ticket

from .calendars import Calendars, closed, is_open
from .fields import DAYS, FIELDS, Field

Condition = Mapping[str, Any]
Facts = Mapping[str, Any]  # field: its value; moments as datetimes, labels and plans as sets, "now", "zone" and "calendars" beside them

MOST = 30  # conditions of one rule
LONGEST = 500  # characters of a value
MOST_HOURS = 24 * 366
NEVER = Q(pk__in=[])
ALWAYS = ~NEVER


def holds(conditions: Any, facts: Facts) -> bool:
    """Whether the conditions hold for these facts. No conditions: they do."""
    every, some = _groups(conditions)
    return all(_one(condition, facts) for condition in every) and (not some or any(_one(condition, facts) for condition in some))


def failing(conditions: Any, facts: Facts) -> list[Condition]:
    """Those of `all` that do not hold, and all of `any` if none does: why a rule left a ticket alone."""
    every, some = _groups(conditions)
    missed = [condition for condition in every if not _one(condition, facts)]
    return missed + (some if some and not any(_one(condition, facts) for condition in some) else [])


def where(conditions: Any, *, now: datetime, zone: str = "UTC") -> Q:
    """The same as SQL, for tickets. What only an event knows never holds here."""
    every, some = _groups(conditions)
    clock = {"now": now, "zone": zone, "calendars": Calendars()}
    found = Q()
    for condition in every:
        found &= _sql(condition, clock)
    if some:
        either = Q()
        for condition in some:
            either |= _sql(condition, clock)
        found &= either
    return found


def problems(conditions: Any, *, by_clock: bool) -> list[str]:
    """What a person must mend before these conditions can be kept; [] when all is well."""
    if not isinstance(conditions, Mapping) or set(conditions) - {"all", "any"}:
        return [_("Conditions are two lists, “all” and “any”.")]
    if any(not isinstance(group, list | tuple) for group in conditions.values()):
        return [_("Conditions are two lists, “all” and “any”.")]
    every, some = _groups(conditions)
    if len(every) + len(some) > MOST:
        return [_("At most %(n)d conditions.") % {"n": MOST}]
    if sum(map(len, conditions.values())) != len(every) + len(some):
        return [_("A condition names a field, a comparison and a value.")]
    return [problem for condition in (*every, *some) if (problem := _problem(condition, by_clock))]


# -- one condition in Python -----------------------------------------------------------------------------------


def _one(condition: Condition, facts: Facts) -> bool:
    field, op, value = _parts(condition)
    if field is None:
        return False
    return _COMPARE[field.kind](field, op, value, _value(field, facts), facts)


def _value(field: Field, facts: Facts) -> Any:
    if field.name in ("weekday", "hour"):
        return _of_the_clock(field.name, facts)
    return facts.get(field.name)


def _of_the_clock(name: str, facts: Facts) -> Any:
    try:
        local = facts["now"].astimezone(ZoneInfo(facts.get("zone") or "UTC"))
    except (KeyError, ZoneInfoNotFoundError, ValueError):
        return None
    return DAYS[local.weekday()][0] if name == "weekday" else local.hour


def _choice(_field: Field, op: str, value: str, fact: Any, _facts: Facts) -> bool:
    return (str(fact or "") == value) == (op == "is")


def _set(_field: Field, op: str, value: str, fact: Any, _facts: Facts) -> bool:
    return (value in (fact or ())) == (op == "has")


def _words(_field: Field, op: str, value: str, fact: Any, _facts: Facts) -> bool:
    text = str(fact or "").upper()
    return any(word.upper() in text for word in words_of(value)) == (op == "contains")


def _number(field: Field, op: str, value: str, fact: Any, _facts: Facts) -> bool:
    limit = number(value)
    if limit is None or not isinstance(fact, int | float):
        return False
    return fact >= limit / field.parts if op == "at_least" else fact <= limit / field.parts


def _moment(field: Field, op: str, value: str, fact: Any, facts: Facts) -> bool:
    edge = _edge(field, value, facts["now"])
    if edge is None or not isinstance(fact, datetime):
        return False
    return fact <= edge if _before(field, op) else fact > edge


def _hours(_field: Field, op: str, value: str, _fact: Any, facts: Facts) -> bool:
    calendar = value or str(facts.get("own_hours") or "")
    return is_open(facts.get("calendars") or {}, calendar, facts["now"]) == (op == "inside")


def _flag(_field: Field, _op: str, value: str, fact: Any, _facts: Facts) -> bool:
    return bool(fact) == (value == "yes")


_COMPARE = {
    "choice": _choice,
    "ref": _choice,
    "set": _set,
    "words": _words,
    "number": _number,
    "since": _moment,
    "until": _moment,
    "flag": _flag,
    "hours": _hours,
}


# -- one condition in SQL --------------------------------------------------------------------------------------


def _sql(condition: Condition, clock: Facts) -> Q:
    field, op, value = _parts(condition)
    if field is None or field.event_only:
        return NEVER
    if field.name in ("weekday", "hour"):
        return ALWAYS if _one(condition, clock) else NEVER
    if field.kind == "hours":
        return _hours_sql(field, op, value, clock)
    if field.kind == "number":
        limit = number(value)
        return NEVER if limit is None else Q(**{f"{field.path}__{'gte' if op == 'at_least' else 'lte'}": limit / field.parts})
    if field.kind in ("since", "until"):
        edge = _edge(field, value, clock["now"])
        return NEVER if edge is None else Q(**{f"{field.path}__{'lte' if _before(field, op) else 'gt'}": edge})
    yes = _yes(field, value, clock)
    return yes if op in ("is", "has", "contains") else ~yes


def _hours_sql(field: Field, op: str, value: str, clock: Facts) -> Q:
    """Of one calendar it is the same for every ticket; of the tickets' own, those are outside whose calendar is closed now."""
    if value:
        return ALWAYS if _hours(field, op, value, None, clock) else NEVER
    outside = NEVER
    for calendar in closed(clock["calendars"], clock["now"]):
        outside |= Q(**{field.path: calendar})
    return outside if op == "outside" else ~outside | Q(**{f"{field.path}__isnull": True})  # no clocks yet: round the clock


def _yes(field: Field, value: str, clock: Facts) -> Q:
    if field.kind == "flag":
        return _FLAGS[field.name](clock) if value == "yes" else ~_FLAGS[field.name](clock)
    if field.kind == "words":
        found = NEVER
        for word in words_of(value):
            found |= Q(**{f"{field.path}__icontains": word})
        return found
    if field.name == "tag":
        return Q(pk__in=Ticket.tags.through.objects.filter(tag__name=value).values("ticket_id"))
    if field.name == "tier":
        return Q(customer__tier=value) | Q(customer__organisation__tier=value) if value else NEVER
    if field.kind == "ref":
        return Q(**{field.path: value}) if value else Q(**{f"{field.path}__isnull": True})
    return Q(**{field.path: value})


_FLAGS = {
    "escalated": lambda _clock: Q(metadata__has_key="escalation"),
    "snoozed": lambda clock: Q(snoozed_until__isnull=False, snoozed_until__gt=clock["now"]),
    "answered": lambda _clock: Q(first_response_at__isnull=False),
}


# -- small parts -----------------------------------------------------------------------------------------------


def words_of(value: str) -> list[str]:
    """The words and phrases of a list with commas."""
    return [word for part in value.split(",") if (word := part.strip())]


def number(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) <= 1e9 else None  # noqa: PLR2004 - and no NaN, no infinity


def _edge(field: Field, value: str, now: datetime) -> datetime | None:
    hours = number(value)
    if hours is None or not 0 <= hours <= MOST_HOURS:
        return None
    return now - timedelta(hours=hours) if field.kind == "since" else now + timedelta(hours=hours)


def _before(field: Field, op: str) -> bool:
    """Whether the moment must lie at or before the edge."""
    return (op == "more_than") == (field.kind == "since")


def _parts(condition: Condition) -> tuple[Field | None, str, str]:
    """(field, op, value); no field for what makes no sense."""
    field, op, value = FIELDS.get(str(condition.get("field"))), str(condition.get("op")), condition.get("value")
    if field is None or op not in field.ops or not isinstance(value, str):
        return None, "", ""
    if field.kind == "flag" and value not in ("yes", "no"):
        return None, "", ""
    if field.kind in ("ref", "hours") and value and not _is_id(value):
        return None, "", ""
    return field, op, Tag.normal(value) if field.name == "tag" else value


def _is_id(value: str) -> bool:
    plain = value.replace("-", "")
    return len(plain) == 32 and all(letter in "0123456789abcdef" for letter in plain)  # noqa: PLR2004 - a UUID


def _groups(conditions: Any) -> tuple[list[Condition], list[Condition]]:
    if not isinstance(conditions, Mapping):
        return [], []
    return _conditions(conditions.get("all")), _conditions(conditions.get("any"))


def _conditions(group: Any) -> list[Condition]:
    return [one for one in group if isinstance(one, Mapping)] if isinstance(group, Sequence) and not isinstance(group, str) else []


def _problem(condition: Condition, by_clock: bool) -> str:  # noqa: PLR0911 - one remark a fault
    field, _op, value = _parts(condition)
    if field is None:
        return _("This condition is not known: %(condition)s") % {"condition": str(dict(condition))[:120]}
    words = {"field": field.label}
    if by_clock and field.event_only:
        return _("“%(field)s” belongs to what happened: a rule on a schedule has nothing to look at.") % words
    if len(value) > LONGEST:
        return _("“%(field)s”: at most 500 characters.") % words
    if field.kind == "words" and not words_of(value):
        return _("“%(field)s”: say for which words to look.") % words
    if field.kind == "set" and not value:
        return _("“%(field)s”: say which.") % words
    if field.kind == "number" and number(value) is None:
        return _("“%(field)s” wants a number.") % words
    if field.kind in ("since", "until") and (number(value) is None or not 0 <= (number(value) or 0) <= MOST_HOURS):
        return _("“%(field)s” wants a number of hours, a year at the most.") % words
    if field.kind in ("choice", "ref", "hours") and field.choices and value not in field.choices() and field.name != "language":
        return _("“%(field)s”: there is no such choice any more.") % words
    return ""
