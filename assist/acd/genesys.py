"""Genesys Cloud: conversation and transcription notifications, by EventBridge or by a notification channel.

Both carry the same frame: `{topicName, version: "2", eventBody, metadata}`; EventBridge wraps it in `detail`. Shapes:
developer.genesys.cloud, topics `v2.conversations.{id}.transcription` (TranscriptionTopic*),
`v2.routing.queues.{id}.conversations.calls` (QueueConversationCallEventTopic*) and `v2.detail.events.conversation.{id}.*`.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
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
    LineState,
    NotUnderstood,
    Payload,
    Reply,
    Ringing,
    Said,
    Started,
    Understood,
    digest_of,
    moment_of,
    share_of,
    text_of,
)

TRANSCRIPTION = re.compile(r"^v2\.conversations\.([\w-]{1,80})\.transcription$")
CALLS = re.compile(r"^v2\.(?:routing\.queues|users)\.[\w-]{1,80}\.conversations\.calls$")
DETAIL = re.compile(r"^v2\.detail\.events\.conversation\.([\w-]{1,80})\.(\w+)\.(\w+)$")
SPEAKERS = {"EXTERNAL": "customer", "INTERNAL": "agent"}
REGIONS = (
    "mypurecloud.com", "mypurecloud.ie", "mypurecloud.de", "mypurecloud.jp", "mypurecloud.com.au", "usw2.pure.cloud", "cac1.pure.cloud",
    "euw2.pure.cloud", "euc2.pure.cloud", "aps1.pure.cloud", "apne2.pure.cloud", "apne3.pure.cloud", "sae1.pure.cloud", "mec1.pure.cloud",
)  # fmt: skip


class Genesys:
    slug = "genesys"
    label = "Genesys Cloud"
    about = gettext_lazy(
        "Conversations and live transcripts. Words take about 35 seconds unless Low Latency Transcription is "
        "switched on for the queue; then 3 to 5."
    )
    steps = (
        gettext_lazy("Switch on voice transcription for the queue, and Low Latency Transcription with it."),
        gettext_lazy(
            "Notification channel: make an OAuth client (client credentials) with the permission to read "
            "conversations, and enter it here. Nothing needs to reach us from outside."
        ),
        gettext_lazy("Or EventBridge: let a rule send v2.conversations.*.transcription and v2.detail.events.* to the secret address."),
    )
    signed = False
    fields = (
        Field(
            name="region",
            label=gettext_lazy("Region"),
            help=gettext_lazy("For the notification channel. Leave it empty to use EventBridge alone."),
            choices=(("", gettext_lazy("EventBridge only")), *((region, region) for region in REGIONS)),
        ),
        Field(name="client_id", label=gettext_lazy("OAuth client ID")),
        Field(name="client_secret", label=gettext_lazy("OAuth client secret"), secret=True),
        Field(
            name="queues",
            label=gettext_lazy("Queue IDs"),
            help=gettext_lazy("One a line: whose calls we listen to. They stand in the address of the queue's page."),
            many=True,
        ),
    )

    def verify(self, incoming: Incoming, account: Account) -> None:
        """EventBridge signs nothing: the secret address is the proof."""

    def understand(self, payload: Payload, account: Account) -> Understood:
        frame = payload["detail"] if isinstance(payload.get("detail"), Mapping) else payload
        topic, body = text_of(frame, "topicName"), frame.get("eventBody")
        if not topic or not isinstance(body, Mapping):
            raise NotUnderstood(_("topicName and eventBody are missing."))
        call_id, happenings = happenings_of(topic, body)
        return Understood(
            event_id=text_of(payload, "id") or digest_of(frame),
            kind=_shortened(topic),
            call_id=call_id,
            happenings=happenings,
            at=moment_of(body.get("eventTime") or body.get("eventDateTime")),
        )

    def reply(self, payload: Payload, account: Account) -> Reply:
        return Reply()

    def sample(self, account: Account, urls: tuple[str, ...]) -> Incoming:
        conversation = str(uuid.uuid4())
        words = {"confidence": 0.94, "offsetMs": 1200, "durationMs": 2400, "transcript": "this is a test event"}
        body = {
            "eventTime": iso_exact(timezone.now()),
            "conversationId": conversation,
            "communicationId": str(uuid.uuid4()),
            "transcripts": [{"utteranceId": str(uuid.uuid4()), "isFinal": True, "channel": "EXTERNAL", "alternatives": [words]}],
        }
        topic = f"v2.conversations.{conversation}.transcription"
        detail = {"topicName": topic, "version": "2", "eventBody": body, "metadata": {"CorrelationId": str(uuid.uuid4())}}
        event = {"id": str(uuid.uuid4()), "source": "aws.partner/genesys.com/cloud/test", "detail-type": topic, "detail": detail}
        return Incoming(body=json.dumps(event).encode(), urls=urls)


def happenings_of(topic: str, body: Mapping[str, Any]) -> tuple[str, tuple[Happening, ...]]:
    """The conversation that a frame speaks of, and what happened in it."""
    if found := TRANSCRIPTION.match(topic):
        call_id = text_of(body, "conversationId") or found[1]
        return call_id, tuple(_utterances(call_id, body))
    if CALLS.match(topic):
        call_id = text_of(body, "id")
        return call_id, _of_participants(call_id, _mappings(body.get("participants")))
    if found := DETAIL.match(topic):
        return found[1], _of_detail(found[1], f"{found[2]}.{found[3]}", body)
    return "", ()


def _utterances(call_id: str, body: Mapping[str, Any]) -> Iterable[Said]:
    began = moment_of(body.get("sessionStartTimeMs")) if body.get("sessionStartTimeMs") else None
    for one in _mappings(body.get("transcripts")):
        best = next(iter(_mappings(one.get("alternatives"))), {})
        text = text_of(best, "transcript", most=20_000)
        if not text:
            continue
        offset = _seconds(best.get("offsetMs"))
        yield Said(
            call_id=call_id,
            speaker=SPEAKERS.get(text_of(one, "channel"), "system"),
            text=text,
            external_id=text_of(one, "utteranceId"),
            final=one.get("isFinal") is not False,
            confidence=share_of(best.get("confidence")),
            at=began + timedelta(seconds=offset) if began else None,
            start_time=None if began else offset,
            duration=_seconds(best.get("durationMs")),
        )


def _of_participants(call_id: str, participants: list[Mapping[str, Any]]) -> tuple[Happening, ...]:
    """A conversation as it stands now: nothing is said about what changed, so each frame tells all that is true."""
    customers = [one for one in participants if text_of(one, "purpose") in ("customer", "external")]
    agents = [one for one in participants if text_of(one, "purpose") in ("agent", "user")]
    opening = _opening(call_id, customers, agents)
    if not call_id or not participants:
        return ()
    if customers and all(_gone(one) for one in customers):
        return (Ended(call_id=call_id, status=_how_it_ended(customers, agents)),)
    if any(text_of(one, "state") == "connected" for one in agents):
        return (Started(opening=opening), *_line(call_id, agents))
    return (Ringing(opening=opening),)


def _line(call_id: str, agents: list[Mapping[str, Any]]) -> tuple[LineState, ...]:
    """Who holds the other hears silence, and is marked `held`. Of participants without these marks nothing is known."""
    here = [one for one in agents if not _gone(one)]
    marked = [name for name in ("held", "muted") if any(isinstance(one.get(name), bool) for one in here)]
    if not marked:
        return ()
    found = {name: any(one.get(name) is True for one in here) for name in marked}
    since = max((moment for one in here if one.get("held") is True and (moment := moment_of(one.get("startHoldTime")))), default=None)
    return (LineState(call_id=call_id, on_hold=found.get("held"), muted=found.get("muted"), since=since),)


def _opening(call_id: str, customers: list[Mapping[str, Any]], agents: list[Mapping[str, Any]]) -> Opening:
    customer: Mapping[str, Any] = customers[-1] if customers else {}
    here = [one for one in agents if not _gone(one)]
    agent: Mapping[str, Any] = here[-1] if here else {}
    queue = next((name for one in (agent, customer) if (name := text_of(one, "queue", "name") or text_of(one, "queueName"))), "")
    return Opening(
        call_id=call_id,
        provider="genesys",
        agent_id=text_of(agent, "user", "email") or text_of(agent, "userId") or text_of(agent, "user", "id"),
        agent_name=text_of(agent, "name"),
        customer_id=text_of(customer, "externalContactId"),
        customer_phone=_phone(text_of(customer, "address")),
        customer_name=text_of(customer, "name"),
        queue=queue,
        direction="outbound" if text_of(customer, "direction") == "outbound" else "inbound",
        started_at=moment_of(customer.get("connectedTime")),
    )


def _how_it_ended(customers: list[Mapping[str, Any]], agents: list[Mapping[str, Any]]) -> str:
    if any(text_of(one, "disconnectType") == "transfer" for one in customers):
        return "transferred"
    return "completed" if any(one.get("connectedTime") for one in agents) else "abandoned"


def _gone(participant: Mapping[str, Any]) -> bool:
    return text_of(participant, "state") in ("disconnected", "terminated") or bool(participant.get("endTime"))


def _of_detail(call_id: str, event: str, body: Mapping[str, Any]) -> tuple[Happening, ...]:
    if event == "customer.end":
        transferred = "transfer" in text_of(body, "disconnectType").lower()
        return (Ended(call_id=call_id, status="transferred" if transferred else "completed"),)
    opening = Opening(
        call_id=call_id,
        provider="genesys",
        agent_id=text_of(body, "userId"),
        customer_phone=_phone(text_of(body, "ani")),
        queue=text_of(body, "queueName"),
        direction="outbound" if text_of(body, "direction").lower() == "outbound" else "inbound",
        started_at=moment_of(body.get("eventTime")),
    )
    if event in ("customer.start", "acd.start"):
        return (Ringing(opening=opening),)
    return (Started(opening=opening),) if event in ("user.start", "agent.start", "acd.end") and opening.agent_id else ()


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _seconds(milliseconds: Any) -> float:
    return max(0.0, float(milliseconds) / 1000) if isinstance(milliseconds, int | float) else 0.0


def _phone(address: str) -> str:
    """`tel:+31…` and `sip:+31…@…` by their number."""
    number = address.removeprefix("tel:").removeprefix("sip:").partition("@")[0]
    return number if number.lstrip("+").isdigit() else ""


def _shortened(topic: str) -> str:
    """The topic without the id in it."""
    return re.sub(r"\.[0-9a-f-]{20,80}\.", ".{id}.", topic)[:120]
