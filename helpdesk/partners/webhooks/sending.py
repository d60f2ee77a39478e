"""Send what is due. One task works on one address at a time, so a slow receiver holds up nobody but itself.

A try that fails comes again after growing waits, for a day. An address that fails again and again is left alone for a while,
whatever waits for it; after three days it is switched off (`health`).
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from helpdesk.core import http
from helpdesk.core.clock import iso_exact
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import Webhook, WebhookDelivery

from . import health, signing

SECONDS = 10.0  # that the other side has for its whole answer
MOST_BYTES = 1_000_000  # of an answer; a longer one is no acknowledgement
KEPT_OF_ANSWER = 2_000  # characters
AT_ONCE = 4  # requests to one address
WORKED_ON_AT_ONCE = 2  # addresses: the worker has other things to do
ROUND = 20.0  # seconds, then others have their turn
LEASE = timedelta(seconds=ROUND + 3 * SECONDS)
WAITS = tuple(timedelta(seconds=one) for one in (10, 60, 300, 1800, 7200, 18_000, 28_800, 28_800))  # about a day in all
LONGEST_ASKED = 3600.0  # seconds that a Retry-After may put us off
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Outcome:
    """One try. `status` is None where no whole answer came; `wait` is what the other side asked for, in seconds."""

    at: datetime
    ms: int
    status: int | None = None
    answer: str = ""
    error: str = ""
    wait: float | None = None

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP's class of success


def waiting() -> list[UUID]:
    """The webhooks for which something is due and on which nobody works."""
    now = timezone.now()
    due = WebhookDelivery.objects.filter(WebhookDelivery.OPEN, webhook=OuterRef("pk"), due_at__lte=now)
    return list(_free(now).filter(Exists(due)).order_by("last_success_at").values_list("pk", flat=True)[:50])


def work_off(webhook_id: UUID) -> list[UUID]:
    """Send what is due for one webhook; returns the webhooks for which something is due afterwards."""
    until = _claim(webhook_id)
    if until is None:
        return []  # somebody is on it, it rests, or enough others are worked on: the sweep comes again
    ends = time.monotonic() + ROUND
    try:
        while time.monotonic() < ends and _send_some(webhook_id):
            pass
    finally:
        Webhook.objects.filter(pk=webhook_id, busy_until=until).update(busy_until=None)
    return waiting()


def forget_old() -> int:
    """The log goes back thirty days."""
    return WebhookDelivery.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _free(now: datetime) -> QuerySet[Webhook]:
    idle = Q(busy_until=None) | Q(busy_until__lte=now)
    return Webhook.objects.on().filter(idle, Q(paused_until=None) | Q(paused_until__lte=now))


def _claim(webhook_id: UUID) -> datetime | None:
    """Take a webhook for the length of a lease; a worker that dies gives it back by that. None: it cannot be had now."""
    now = timezone.now()
    if Webhook.objects.filter(busy_until__gt=now).aggregate(n=Count("pk"))["n"] >= WORKED_ON_AT_ONCE:
        return None
    until = now + LEASE
    return until if _free(now).filter(pk=webhook_id).update(busy_until=until) else None


def _send_some(webhook_id: UUID) -> bool:
    """A handful at once; whether to go on: there may be more, and the address answers."""
    webhook = Webhook.objects.on().filter(pk=webhook_id).first()
    if webhook is None or (webhook.paused_until and webhook.paused_until > timezone.now()):
        return False
    alone = 1 if webhook.failures else AT_ONCE  # who failed is asked with one first
    due = WebhookDelivery.objects.filter(WebhookDelivery.OPEN, webhook=webhook, due_at__lte=timezone.now())
    batch = list(due.order_by("due_at", "event_id", "pk")[:alone])
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="webhook") as pool:
        outcomes = list(pool.map(lambda one: _post(one, webhook), batch))  # no database in these threads
    for delivery, outcome in zip(batch, outcomes, strict=True):
        _note(delivery, outcome)
    return bool(batch) and health.note(webhook, outcomes)


def _post(delivery: WebhookDelivery, webhook: Webhook) -> Outcome:
    at, begun = timezone.now(), time.monotonic()
    headers = signing.headers_of(delivery, webhook, at=int(at.timestamp()))
    try:
        answer = http.request("POST", webhook.url, headers=headers, content=delivery.body.encode(), seconds=SECONDS, most_bytes=MOST_BYTES)
    except HelpdeskError as refused:
        return Outcome(at, _since(begun), error=refused.detail)
    said = answer.body[: 4 * KEPT_OF_ANSWER].decode("utf-8", "replace").replace("\x00", "")[:KEPT_OF_ANSWER]
    return Outcome(at, _since(begun), answer.status, said, wait=answer.wait(LONGEST_ASKED))


def _since(begun: float) -> int:
    return round(1000 * (time.monotonic() - begun))


def _note(delivery: WebhookDelivery, outcome: Outcome) -> None:
    delivery.attempts += 1
    tried = {"at": iso_exact(outcome.at), "status": outcome.status, "ms": outcome.ms, "error": outcome.error, "answer": outcome.answer}
    delivery.tries = [*delivery.tries, tried]
    if outcome.good:
        delivery.state, delivery.delivered_at = WebhookDelivery.State.DELIVERED, timezone.now()
    elif delivery.attempts > len(WAITS):
        delivery.state = WebhookDelivery.State.FAILED
    else:
        wait = max(WAITS[delivery.attempts - 1], timedelta(seconds=outcome.wait or 0))
        delivery.due_at = timezone.now() + wait
    still = WebhookDelivery.objects.filter(WebhookDelivery.OPEN, pk=delivery.pk)
    still.update(**{name: getattr(delivery, name) for name in ("attempts", "tries", "state", "delivered_at", "due_at")})
