"""Alert rules: a figure passes its limit, an alert opens, once; the figure comes back, it closes by itself.

`evaluate` runs every minute. What an alert says is `{type, severity, message}` (contract section 7), in the event and on screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, FloatField, Min, Q, Sum
from django.db.models.functions import Coalesce, Extract
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import Invalid
from helpdesk.core.events import record
from helpdesk.core.models import ModelCall, User
from helpdesk.models import Alert, AlertRule
from tickets.models import Queue, Rating, Ticket

from .metrics.behind import NEGATIVE, escalated
from .metrics.scope import start_of, zone

Metric = AlertRule.Metric
SLACK = 0.02  # of the limit: how far a figure must come back before its alert closes, so that none flutters
UNITS = {
    Metric.FIRST_RESPONSE: "s",
    Metric.ESCALATION_RATE: "%",
    Metric.QUEUE_AGE: "min",
    Metric.NEGATIVE_MOOD: "%",
    Metric.ERROR_RATE: "%",
    Metric.MODEL_SPEND: "$",
}
OF_THE_COMPANY = (Metric.ERROR_RATE, Metric.MODEL_SPEND)  # no team has a share in them


@dataclass(frozen=True)
class Measured:
    """What a figure is now, and of how many cases; None when there is none to speak of."""

    value: float | None
    cases: int


def measure(rule: AlertRule) -> Measured:
    """One statement."""
    since = timezone.now() - timedelta(hours=rule.hours)
    tickets = Ticket.objects.filter(merged_into=None).order_by()
    if rule.queue_id:
        tickets = tickets.filter(queue=rule.queue_id)
    return _MEASURES[Metric(rule.metric)](rule, tickets, since)


def _first_response(_rule: AlertRule, tickets: Any, since: Any) -> Measured:
    by_the_wall = Extract(ExpressionWrapper(F("first_response_at") - F("created_at"), output_field=DurationField()), "epoch")
    waited = Coalesce("first_reply_took", by_the_wall, output_field=FloatField())  # in business hours, as on the dashboard
    found = tickets.filter(first_response_at__gte=since).aggregate(n=Count("pk"), mean=Avg(waited))
    return Measured(found["mean"], found["n"])


def _share_of_new(tickets: Any, since: Any, part: Q) -> Measured:
    found = tickets.filter(created_at__gte=since).aggregate(n=Count("pk"), part=Count("pk", filter=part))
    return Measured(100 * found["part"] / found["n"] if found["n"] else None, found["n"])


def _escalation_rate(_rule: AlertRule, tickets: Any, since: Any) -> Measured:
    return _share_of_new(tickets, since, escalated())


def _negative_mood(_rule: AlertRule, tickets: Any, since: Any) -> Measured:
    return _share_of_new(tickets.exclude(sentiment=""), since, Q(sentiment__in=NEGATIVE))


def _satisfaction(rule: AlertRule, _tickets: Any, since: Any) -> Measured:
    ratings = Rating.objects.filter(created_at__gte=since).order_by()
    ratings = ratings.filter(queue=rule.queue_id) if rule.queue_id else ratings
    found = ratings.aggregate(n=Count("pk"), mean=Avg("score"))
    return Measured(found["mean"], found["n"])


def _queue_age(_rule: AlertRule, tickets: Any, _since: Any) -> Measured:
    waiting = tickets.filter(status__in=(Ticket.Status.NEW, Ticket.Status.OPEN), first_response_at=None)
    found = waiting.aggregate(n=Count("pk"), oldest=Min("created_at"))
    return Measured((timezone.now() - found["oldest"]).total_seconds() / 60 if found["oldest"] else 0.0, found["n"])


def _overdue(_rule: AlertRule, tickets: Any, _since: Any) -> Measured:
    n = tickets.filter(status__in=(Ticket.Status.NEW, Ticket.Status.OPEN), due_at__lt=timezone.now()).count()
    return Measured(float(n), n)


def _backlog(_rule: AlertRule, tickets: Any, _since: Any) -> Measured:
    n = tickets.filter(status__in=Ticket.ACTIVE).count()
    return Measured(float(n), n)


def _error_rate(_rule: AlertRule, _tickets: Any, since: Any) -> Measured:
    calls = ModelCall.objects.filter(created_at__gte=since).exclude(outcome=ModelCall.Outcome.RUNNING).order_by()
    found = calls.aggregate(n=Count("pk"), failed=Count("pk", filter=Q(outcome__in=("failed", "invalid"))))
    return Measured(100 * found["failed"] / found["n"] if found["n"] else None, found["n"])


def _model_spend(_rule: AlertRule, _tickets: Any, _since: Any) -> Measured:
    calls = ModelCall.objects.filter(created_at__gte=start_of(timezone.localdate(timezone=zone()))).order_by()
    found = calls.aggregate(n=Count("pk"), cost=Sum("cost", default=0))
    return Measured(float(found["cost"]), found["n"])


_MEASURES = {
    Metric.FIRST_RESPONSE: _first_response,
    Metric.ESCALATION_RATE: _escalation_rate,
    Metric.SATISFACTION: _satisfaction,
    Metric.QUEUE_AGE: _queue_age,
    Metric.OVERDUE: _overdue,
    Metric.BACKLOG: _backlog,
    Metric.NEGATIVE_MOOD: _negative_mood,
    Metric.ERROR_RATE: _error_rate,
    Metric.MODEL_SPEND: _model_spend,
}


# -- opening and closing ---------------------------------------------------------------------------------------


def evaluate() -> None:
    """Bring every rule's alert up to date. Safe to run twice, and two at once."""
    for rule in AlertRule.objects.select_related("queue"):
        look(rule)


def look(rule: AlertRule) -> Alert | None:
    """The open alert of this rule after a look at its figure; None when all is well."""
    found = measure(rule) if rule.is_on else Measured(None, 0)
    alert = Alert.objects.open().filter(rule=rule).first()
    value = found.value
    if value is None or found.cases < rule.at_least or not _passed(rule, value, was_open=alert is not None):
        if alert:
            _close(alert, rule)
        return None
    message = say(rule, value)
    if alert is None:
        return _open(rule, value, message)
    Alert.objects.filter(pk=alert.pk).update(value=value, message=message)
    return alert


def _passed(rule: AlertRule, value: float, *, was_open: bool) -> bool:
    slack = abs(rule.limit) * SLACK if was_open else 0.0
    return value > rule.limit - slack if rule.direction == AlertRule.Direction.ABOVE else value < rule.limit + slack


def _open(rule: AlertRule, value: float, message: str) -> Alert | None:
    try:
        with transaction.atomic():
            alert = Alert.objects.create(rule=rule, type=rule.metric, severity=rule.severity, message=message, value=value)
            record("alert.opened", subject=alert, type=alert.type, severity=alert.severity, message=message, rule=rule.name, value=value)
    except IntegrityError:  # another worker opened it this moment
        return Alert.objects.open().filter(rule=rule).first()
    return alert


def _close(alert: Alert, rule: AlertRule) -> None:
    with transaction.atomic():
        if Alert.objects.open().filter(pk=alert.pk).update(closed_at=timezone.now()):
            record("alert.closed", subject=alert, type=alert.type, severity=alert.severity, message=alert.message, rule=rule.name)


def acknowledge(alert: Alert, *, by: User) -> None:
    """A person has seen it and takes care. The first one counts."""
    with transaction.atomic():
        seen = Alert.objects.open().filter(pk=alert.pk, acknowledged_at=None)
        if seen.update(acknowledged_at=timezone.now(), acknowledged_by=by):
            record("alert.acknowledged", subject=alert, by=by, type=alert.type, severity=alert.severity, message=alert.message)


def say(rule: AlertRule, value: float) -> str:
    """ "Average first reply is 412 s, limit 300 s (Billing)"."""
    unit = UNITS.get(Metric(rule.metric), "")
    label = str(Metric(rule.metric).label).partition(" (")[0]
    words = {"figure": label, "value": _amount(value, unit), "limit": _amount(rule.limit, unit)}
    text = _("%(figure)s is %(value)s, limit %(limit)s") % words
    return f"{text} ({rule.queue.name})" if rule.queue else text


def _amount(value: float, unit: str) -> str:
    number = f"{value:,.2f}" if abs(value) < 10 and value != int(value) else f"{value:,.0f}"  # noqa: PLR2004
    return f"${number}" if unit == "$" else f"{number}%" if unit == "%" else f"{number} {unit}".strip()


# -- rules -----------------------------------------------------------------------------------------------------


def save_rule(given: dict[str, Any], *, by: User, rule: AlertRule | None = None) -> AlertRule:
    """Make or change a rule, and look at once. Raises Invalid with the `field` that is wrong."""
    name = str(given.get("name", "")).strip()
    if not name or len(name) > 120 or "\x00" in name:  # noqa: PLR2004 - the column's length
        raise Invalid(_("Give the rule a name of at most 120 letters."), field="name")
    choices = {"metric": Metric, "direction": AlertRule.Direction, "severity": AlertRule.Severity}
    for field, kind in choices.items():
        if given.get(field) not in kind.values:
            raise Invalid(_("Choose one of the choices."), field=field)
    limit = _number(given.get("limit"), "limit", 0, 10_000_000)
    queue = Queue.objects.filter(slug=given["queue"]).first() if given.get("queue") and "\x00" not in given["queue"] else None
    if queue and given["metric"] in OF_THE_COMPANY:
        raise Invalid(_("This figure is the whole company's: choose no team."), field="queue")
    values = {
        "name": name,
        "limit": limit,
        "queue": queue,
        "hours": int(_number(given.get("hours", 24), "hours", 1, 24 * 31)),
        "at_least": int(_number(given.get("at_least", 1), "at_least", 0, 1_000_000)),
        "is_on": bool(given.get("is_on", True)),
        **{field: given[field] for field in choices},
    }
    with transaction.atomic():
        rule = rule or AlertRule()
        old = {field: str(getattr(rule, field)) for field in values} if rule.pk and not rule._state.adding else {}
        for field, value in values.items():
            setattr(rule, field, value)
        rule.save()
        record("alert.rule_changed", subject=rule, by=by, rule=name, old=old, new={field: str(value) for field, value in values.items()})
    look(rule)
    return rule


def remove_rule(rule: AlertRule, *, by: User) -> None:
    """With its alerts; open ones are closed first, so that whoever listens hears of it."""
    with transaction.atomic():
        for alert in Alert.objects.open().filter(rule=rule):
            _close(alert, rule)
        record("alert.rule_changed", subject=rule, by=by, rule=rule.name, old={"name": rule.name}, new={})
        rule.delete()


def _number(text: Any, field: str, low: float, high: float) -> float:
    try:
        value = float(str(text).replace(",", "."))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise Invalid(_("A number between %(low)s and %(high)s.") % {"low": f"{low:,.0f}", "high": f"{high:,.0f}"}, field=field)
    return value
