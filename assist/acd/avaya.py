"""Avaya Experience Platform: digital events, posted to a callback address of a subscription.

An engagement is a call. Avaya publishes no event with a live transcript of a voice call: words of such a call come through
the generic interface under the same id; messages of a digital engagement come from here. Nothing is signed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.calls.parties import Opening
from helpdesk.core.clock import iso_exact

from .base import (
    Account,
    Ended,
    Field,
    Happening,
    Incoming,
    NotUnderstood,
    Payload,
    Reply,
    Ringing,
    Said,
    Started,
    Understood,
    digest_of,
    moment_of,
    text_of,
)

MESSAGES = ("MESSAGES", "CUSTOMER_MESSAGES", "CC_MESSAGES")
KNOWN = (*MESSAGES, "PARTICIPANT_ADDED", "PARTICIPANT_DISCONNECTED", "ENGAGEMENT_CREATED", "ENGAGEMENT_ERROR", "TYPING")
SPEAKERS = {"CUSTOMER": "customer", "AGENT": "agent", "SUPERVISOR": "agent", "SYSTEM": "system", "BOT": "system"}
ADDRESSES = Field(
    name="addresses",
    label=gettext_lazy("Sender's addresses"),
    help=gettext_lazy("IP addresses or networks (192.0.2.0/24), one a line. Empty: any address, the secret alone decides."),
    many=True,
)


class Avaya:
    slug = "avaya"
    label = "Avaya Experience Platform"
    about = gettext_lazy(
        "Engagements, participants and messages. Avaya publishes no live transcript of voice calls: send "
        "their text through the generic interface, with the engagement's id as call_id."
    )
    steps = (
        gettext_lazy(
            "Make a subscription with the secret address as callbackUrl, and the event types ENGAGEMENT_CREATED, "
            "PARTICIPANT_ADDED, PARTICIPANT_DISCONNECTED, MESSAGES and ENGAGEMENT_ERROR."
        ),
        gettext_lazy("Subscriptions expire: renew yours before that, and look at “last event” here when calls stay away."),
    )
    signed = False
    fields = (ADDRESSES,)

    def verify(self, incoming: Incoming, account: Account) -> None:
        """Nothing is signed: the secret address is the proof."""

    def understand(self, payload: Payload, account: Account) -> Understood:
        kind, call_id = text_of(payload, "eventType"), text_of(payload, "engagementId")
        if kind not in KNOWN or not call_id:
            raise NotUnderstood(_("eventType or engagementId is missing or unknown."))
        return Understood(
            event_id=_event_id(payload, kind),
            kind=kind,
            call_id=call_id,
            happenings=_happenings(payload, kind, call_id),
            at=moment_of(payload.get("eventDate")),
        )

    def reply(self, payload: Payload, account: Account) -> Reply:
        return Reply()

    def sample(self, account: Account, urls: tuple[str, ...]) -> Incoming:
        event = {
            "eventType": "ENGAGEMENT_CREATED",
            "correlationId": str(uuid.uuid4()),
            "eventDate": iso_exact(timezone.now()),
            "engagementId": str(uuid.uuid4()),
            "customerIdentifiers": {"phoneNumbers": ["+12025550123"]},
        }
        return Incoming(body=json.dumps(event).encode(), urls=urls)


def _happenings(payload: Payload, kind: str, call_id: str) -> tuple[Happening, ...]:
    who = text_of(payload, "senderParticipantType").upper()
    if kind in MESSAGES:
        return _message(payload, call_id, who)
    if kind == "ENGAGEMENT_CREATED":
        return (Ringing(opening=_opening(payload, call_id)),)
    if kind == "PARTICIPANT_ADDED" and who == "AGENT":
        return (Started(opening=_opening(payload, call_id, agent=True)),)
    if kind == "PARTICIPANT_DISCONNECTED" and who == "CUSTOMER":
        return (Ended(call_id=call_id),)
    return (Ended(call_id=call_id, status="abandoned"),) if kind == "ENGAGEMENT_ERROR" else ()


def _message(payload: Payload, call_id: str, who: str) -> tuple[Happening, ...]:
    text = _text(payload.get("body"))
    if not text:
        return ()
    said = Said(
        call_id=call_id,
        speaker=SPEAKERS.get(who, "system"),
        text=text,
        external_id=text_of(payload, "messageId"),
        at=moment_of(payload.get("receivedAt") or payload.get("eventDate")),
    )
    return (said,)


def _text(body: Any) -> str:
    """Text stands in the body itself, or in its text element."""
    for path in ((), ("elementText", "text"), ("text",), ("payload",)):
        if found := text_of(body, *path, most=20_000):
            return found
    return ""


def _opening(payload: Payload, call_id: str, *, agent: bool = False) -> Opening:
    known = payload.get("customerIdentifiers")
    return Opening(
        call_id=call_id,
        provider="avaya",
        agent_id=text_of(payload, "senderParticipantId") if agent else "",
        agent_name=text_of(payload, "senderParticipantName") if agent else "",
        customer_phone=_first(known, "phoneNumbers"),
        customer_email=_first(known, "emailAddresses"),
        customer_name="" if agent else text_of(payload, "senderParticipantName"),
        queue=text_of(payload, "engagementParameters", "queue"),
        acd_metadata={"dialog": text_of(payload, "dialogId"), "channel": text_of(payload, "channelId")},
        started_at=moment_of(payload.get("eventDate")),
    )


def _first(identifiers: Any, name: str) -> str:
    values = identifiers.get(name) if isinstance(identifiers, Mapping) else None
    first = values[0] if isinstance(values, list) and values else values
    return text_of(first)


def _event_id(payload: Payload, kind: str) -> str:
    """A message has an id; other events are told apart by when and in which exchange they happened."""
    if message := text_of(payload, "messageId"):
        return f"{kind}:{message}"
    return digest_of(payload)
