"""An event becomes one delivery for each webhook that wants it; what is sent is fixed here, word for word."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.utils.encoders import JSONEncoder

from helpdesk.core.clock import iso_exact
from helpdesk.core.models import Event, User, Webhook, WebhookDelivery
from helpdesk.core.tasks import send_quietly
from helpdesk.partners import feed, tasks
from tickets.api.representation import MessageSerializer, TicketSerializer
from tickets.models import Message, Ticket

WITH_MESSAGE = ("message.received", "message.sent", "message.adopted")
PING = "webhook.test"


def announce(event: Event) -> None:
    """Called for every event that partners may hear of; safe to call twice. A switched-off webhook misses what happens meanwhile."""
    need = f"{feed.resource_of(event.kind)}:read"
    _tell(event, [one for one in Webhook.objects.on().hearing(event.kind) if not one.scopes or need in one.scopes])


def call(event: Event) -> None:
    """A rule calls one webhook, whatever that hears of otherwise; only one whose maker may read tickets. Safe to call twice."""
    chosen = Webhook.objects.on().filter(pk=event.data["webhook"])
    _tell(event, [one for one in chosen if not one.scopes or "tickets:read" in one.scopes])


def _tell(event: Event, wanting: list[Webhook]) -> None:
    wanting = [one for one in wanting if not one.queues or _concerns(event, one)]
    if not wanting:
        return
    tickets = feed.tickets_of([event])
    about = {"event_id": event.pk, "kind": event.kind, "ticket_ref": event.ticket_ref, "customer_ref": feed.customer_of(event, tickets)}
    body = _written(_document(event, tickets))
    WebhookDelivery.objects.bulk_create([WebhookDelivery(webhook=one, body=body, **about) for one in wanting], ignore_conflicts=True)
    for one in wanting:
        transaction.on_commit(partial(send_quietly, tasks.work_off_webhook, str(one.pk)))


def _concerns(event: Event, webhook: Webhook) -> bool:
    """Whether a webhook of some teams may hear of it: as the feed does, of their tickets, and of what is nobody's."""
    if event.ticket_ref is None:
        return feed.is_nobodys(event)
    return Ticket.objects.filter(pk=event.ticket_ref, queue__in=webhook.queues).exists()


def ping(webhook: Webhook, *, by: Any) -> WebhookDelivery:
    """A delivery that tells of nothing but itself."""
    actor = {"kind": getattr(by, "actor_kind", "system"), "id": str(by.pk) if by else "", "name": str(by) if isinstance(by, User) else ""}
    told = {
        "id": None,
        "kind": PING,
        "subject_type": "webhook",
        "subject_id": str(webhook.pk),
        "ticket": None,
        "customer_id": None,
        "actor": actor,
        "data": {"name": webhook.name},
        "occurred_at": iso_exact(timezone.now()),
    }
    made = WebhookDelivery.objects.create(webhook=webhook, kind=PING, body=_written(told))
    transaction.on_commit(partial(send_quietly, tasks.work_off_webhook, str(webhook.pk)))
    return made


def replay(delivery: WebhookDelivery) -> WebhookDelivery:
    """Send the same again, with an id of its own."""
    same = {name: getattr(delivery, name) for name in ("webhook_id", "event_id", "kind", "ticket_ref", "customer_ref", "body")}
    made = WebhookDelivery.objects.create(replay_of=delivery, **same)
    transaction.on_commit(partial(send_quietly, tasks.work_off_webhook, str(delivery.webhook_id)))
    return made


def _document(event: Event, tickets: feed.Tickets) -> dict[str, Any]:
    """The event as in the feed, with the ticket as it stands now and, where a customer could read it, the message."""
    told = feed.present(event, tickets)
    if event.ticket_ref and (ticket := Ticket.objects.with_people().defer(None).filter(pk=event.ticket_ref).first()):
        told["ticket_now"] = TicketSerializer(ticket).data
    if event.kind in WITH_MESSAGE:
        message = Message.objects.filter(pk=event.subject_id).select_related("ticket").prefetch_related("attachments").first()
        if message and message.visibility == Message.Visibility.PUBLIC:
            told["message"] = MessageSerializer(message).data
    return told


def _written(told: dict[str, Any]) -> str:
    return json.dumps(told, cls=JSONEncoder, ensure_ascii=False)
