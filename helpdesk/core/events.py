"""The event spine: one table is the history, the partners' feed, the source of every reaction, and the outbox.

    record("message.received", subject=message, by=customer)      # in the transaction of the change it tells of
    @subscribe("message.received")                                # in an app's subscribers.py, one line of work

`record` writes the event and one open receipt for each subscriber in the same transaction; after the commit one task
rings. Redis may lose the ring: the sweep finds every receipt that stayed open. Subscribers run at least once and are
idempotent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from . import realtime
from .kinds import KINDS
from .models import Event, Receipt
from .request_id import current_request_id

log = logging.getLogger(__name__)

SWEEP_AFTER = timedelta(seconds=settings.EVENT_SWEEP_AFTER_SECONDS)  # an event whose ring was heard is done long before
LEASE = timedelta(seconds=settings.EVENT_LEASE_SECONDS)  # nobody else takes the receipt meanwhile
MOST_ATTEMPTS = 8
MACHINES = ("system", "rule")  # actors that are nobody: nothing is learned from what they decide
Handler = Callable[[Event], None]


@dataclass(frozen=True)
class Subscription:
    name: str
    handler: Handler
    slow: bool  # thinks for seconds: gets a task of its own, so that it holds nobody up
    asks_model: bool = False  # waits for a language model, up to LLM_SECONDS: in a queue of its own, so that no thinking waits behind it
    of_people: bool = False  # hears only of what a person or a partner did, not of what the system did itself


_by_kind: dict[str, list[Subscription]] = {}
_by_name: dict[str, Subscription] = {}


def subscribe(*kinds: str, slow: bool = False, asks_model: bool = False, of_people: bool = False) -> Callable[[Handler], Handler]:
    """Register a subscriber for event kinds. Its name is `app.function`, so renaming one orphans its open receipts."""

    def register(handler: Handler) -> Handler:
        name = f"{handler.__module__.split('.')[0]}.{handler.__name__}"
        subscription = _by_name[name] = Subscription(name, handler, slow, asks_model, of_people)
        for kind in kinds:
            if kind not in KINDS:
                raise LookupError(f"{name} subscribes to {kind!r}, which is not in core.kinds")
            _by_kind.setdefault(kind, []).append(subscription)
        return handler

    return register


def subscribers_of(kind: str) -> tuple[str, ...]:
    """The names of those who hear of a kind of event."""
    return tuple(subscription.name for subscription in _by_kind.get(kind, ()))


def load_subscribers() -> None:
    """Import every app's `subscribers.py`. Called once, when the apps are ready."""
    for config in apps.get_app_configs():
        try:
            import_module(f"{config.name}.subscribers")
        except ModuleNotFoundError as missing:
            if missing.name != f"{config.name}.subscribers":
                raise


def record(
    kind: str, *, subject: Model, by: Any = None, ticket: Any = None, customer: Any = None, audience: Iterable[str] = (), **data: Any
) -> Event:
    """Write down what happened, and make sure that every subscriber hears of it.

    Must be called inside the transaction that makes the change. `by` is whoever did it (a user, a customer, an API key;
    None is the system itself). `audience` names realtime groups that are told the event's number after the commit.
    Raises LookupError for an unknown kind and TypeError for data that the kind does not name.
    """
    _check(kind, data)
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"record({kind!r}) outside a transaction: change and event must commit together")
    event = Event.objects.create(
        kind=kind,
        subject_type=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        ticket_ref=getattr(ticket, "pk", None),
        customer_ref=getattr(customer, "pk", None),
        data=data,
        actor_kind=getattr(by, "actor_kind", "system"),
        actor_id=str(getattr(by, "pk", "") or ""),
        actor_name=str(by or "")[:150],
        request_id=current_request_id(),
    )
    subscriptions = [one for one in _by_kind.get(kind, ()) if not one.of_people or event.actor_kind not in MACHINES]
    due = timezone.now() + SWEEP_AFTER
    if subscriptions:
        Receipt.objects.bulk_create([Receipt(event=event, subscriber=s.name, due_at=due) for s in subscriptions])
        transaction.on_commit(partial(_ring, event.pk))
    hint(event, audience)
    return event


def hint(event: Event, audience: Iterable[str]) -> None:
    """Tell these realtime groups of the event, after the commit. Also later: for what a subscriber made of it."""
    for group in dict.fromkeys(audience):
        realtime.broadcast(group, {"type": "event", "event": event.pk, "kind": event.kind, "ticket": str(event.ticket_ref or "")})


def _check(kind: str, data: dict[str, Any]) -> None:
    unknown = set(data) - set(KINDS[kind].__annotations__) if kind in KINDS else None
    if unknown is None:
        raise LookupError(f"{kind!r} is not a kind of event: add it to core.kinds")
    if unknown:
        raise TypeError(f"{kind} does not carry {', '.join(sorted(unknown))}")


def _ring(event_id: int) -> None:
    """Ask the worker to hurry. A lost ring costs 30 seconds, never the event, so a broken broker must not break the request."""
    from .tasks import dispatch, send_quietly  # noqa: PLC0415 - tasks run this module; this is the one place that asks for them

    send_quietly(dispatch, event_id)


def dispatch(event_id: int) -> None:
    """Run every open receipt of one event; the slow ones get a task each. Four statements besides what the subscribers do."""
    from .tasks import ask_model, handle, send_quietly  # noqa: PLC0415

    quick = []
    for pk, subscriber in Receipt.objects.filter(Receipt.OPEN, event_id=event_id).order_by("id").values_list("pk", "subscriber"):
        subscription = _by_name.get(subscriber)
        if subscription and (subscription.slow or subscription.asks_model):
            send_quietly(ask_model if subscription.asks_model else handle, pk)
        else:
            quick.append(pk)
    _run(_claim(quick))


def run(receipt_id: int) -> bool:
    """Claim one receipt and do what it asks. Returns whether it was done here; a failure is noted and tried again later."""
    return _run(_claim([receipt_id])) == 1


@dataclass(frozen=True)
class Claim:
    """A receipt that is ours for the length of a lease."""

    pk: int
    event_id: int
    subscriber: str
    attempts: int


def _run(claims: Sequence[Claim]) -> int:
    """Do what these receipts of one event ask, one after the other; returns how many are done."""
    if not claims:
        return 0
    event = Event.objects.get(pk=claims[0].event_id)
    done = [claim.pk for claim in claims if _hear(claim, event)]
    if done:
        Receipt.objects.filter(pk__in=done).update(done_at=timezone.now(), error="")
    return len(done)


def _hear(claim: Claim, event: Event) -> bool:
    subscription = _by_name.get(claim.subscriber)
    if subscription is None:  # the subscriber was renamed or removed by a deploy
        _close(claim, error="no such subscriber")
        return False
    try:
        subscription.handler(event)
    except Exception as error:  # whatever it was, it is written down and comes again: nothing is lost
        log.exception("subscriber_failed", extra={"subscriber": claim.subscriber, "event_id": event.pk})
        _postpone(claim, error)
        return False
    return True


# One statement, its own transaction: the row locks are held no longer than it takes.
_CLAIM = """
    UPDATE core_receipt SET due_at = %(until)s, attempts = attempts + 1
    WHERE id IN (
        SELECT id FROM core_receipt
        WHERE id = ANY(%(ids)s) AND done_at IS NULL AND failed_at IS NULL AND (attempts = 0 OR due_at <= %(now)s)
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id, event_id, subscriber, attempts
"""


def _claim(receipt_ids: Sequence[int]) -> list[Claim]:
    """Take receipts for the length of a lease: two workers never run the same one at once."""
    if not receipt_ids:
        return []
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"ids": list(receipt_ids), "now": now, "until": now + LEASE})
        return sorted((Claim(*row) for row in cursor.fetchall()), key=lambda claim: claim.pk)


def _postpone(claim: Claim, error: Exception) -> None:
    if claim.attempts >= MOST_ATTEMPTS:
        _close(claim, error=repr(error))
        return
    wait = timedelta(seconds=5 * 3 ** (claim.attempts - 1))  # 5 s, 15 s, 45 s ... about three hours in all
    Receipt.objects.filter(pk=claim.pk).update(due_at=timezone.now() + wait, error=repr(error)[:2000])


def _close(claim: Claim, *, error: str) -> None:
    Receipt.objects.filter(pk=claim.pk).update(failed_at=timezone.now(), error=error[:2000])


def sweep(limit: int = 500) -> int:
    """Ring again for everything that is overdue: Redis was flushed, a worker was killed, a try failed. Returns how many events."""
    from .tasks import dispatch as dispatch_task  # noqa: PLC0415
    from .tasks import send_quietly  # noqa: PLC0415

    overdue = Receipt.objects.filter(Receipt.OPEN, due_at__lte=timezone.now()).order_by("due_at").values_list("event_id", flat=True)[:limit]
    events = list(dict.fromkeys(overdue))
    for event_id in events:
        send_quietly(dispatch_task, event_id)
    return len(events)
