"""Twilio: Voice status callbacks, Real-Time Transcription callbacks, conference and TaskRouter events, all at one address.

Shapes: twilio.com/docs/voice/api/call-resource (status), /docs/voice/twiml/transcription, /docs/voice/twiml/conference (status
callback), /docs/taskrouter/api/event.
A call is its `CallSid`; of a call that was passed on by <Dial> the first leg (`ParentCallSid`) is the call, the second is
the agent's telephone.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.calls.parties import Opening
from helpdesk.core.clock import iso_exact

from . import twilio_signature
from .base import (
    CALLEE,
    CALLER,
    FORM,
    Account,
    Ended,
    Field,
    Forged,
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
    json_of,
    moment_of,
    share_of,
    text_of,
)

OVER = {"completed": "completed", "busy": "abandoned", "failed": "abandoned", "no-answer": "abandoned", "canceled": "abandoned"}
TRACKS = {"inbound_track": CALLER, "outbound_track": CALLEE}  # what the caller says; what the caller hears
# Of a conference's events those that say something of one participant's line: (on hold, muted, speaks).
LINE: dict[str, tuple[bool | None, bool | None, bool | None]] = {
    "participant-join": (None, None, None),  # the caller's leg names the conference that the others are in
    "participant-hold": (True, None, None),
    "participant-unhold": (False, None, None),
    "participant-mute": (None, True, None),
    "participant-unmute": (None, False, None),
    "participant-speech-start": (None, None, True),
    "participant-speech-stop": (None, None, False),
}
OFFERED = ("task.created", "task-queue.entered", "reservation.created")
FINISHED = {
    "reservation.wrapup": "completed",
    "reservation.completed": "completed",
    "task.wrapup": "completed",
    "task.completed": "completed",
    "task.canceled": "abandoned",
    "task.transfer-completed": "transferred",
}


class Twilio:
    slug = "twilio"
    label = "Twilio"
    about = gettext_lazy("Voice calls with Real-Time Transcription: words appear about a second after they were spoken.")
    steps = (
        gettext_lazy("Enter the auth token of your Twilio account here; it proves that an event comes from Twilio."),
        gettext_lazy("Set the address as status callback of your number or of <Dial>, for initiated, ringing, answered and completed."),
        gettext_lazy('In your TwiML add <Start><Transcription statusCallbackUrl="the address" partialResults="true"/></Start>.'),
        gettext_lazy(
            "In conferences, set the same address as status callback for join, hold, mute and speaker: who waits or is muted is on screen."
        ),
        gettext_lazy("With Flex or TaskRouter, set the same address as event callback of the workspace: it names the agent."),
    )
    signed = True
    fields = (
        Field(
            name="account_sid",
            label=gettext_lazy("Account SID"),
            help=gettext_lazy("Starts with AC. Events of other accounts are refused."),
        ),
        Field(
            name="auth_token",
            label=gettext_lazy("Auth token"),
            help=gettext_lazy("In the Twilio console under Account, API keys and tokens."),
            secret=True,
            required=True,
        ),
        Field(
            name="inbound_track",
            label=gettext_lazy("Who speaks on the inbound track"),
            help=gettext_lazy("By direction: on incoming calls the customer, on outgoing ones the agent, whose leg comes first."),
            choices=(
                ("", gettext_lazy("By the direction of the call")),
                ("customer", gettext_lazy("Customer")),
                ("agent", gettext_lazy("Agent")),
            ),
        ),
    )

    def verify(self, incoming: Incoming, account: Account) -> None:
        if not twilio_signature.is_valid(incoming, account.secrets.get("auth_token", "")):
            raise Forged(_("The signature is not valid."))
        own = account.settings.get("account_sid", "")
        if own and text_of(incoming.payload(), "AccountSid") != own:
            raise Forged(_("This event belongs to another account."))

    def understand(self, payload: Payload, account: Account) -> Understood:
        if "TranscriptionEvent" in payload:
            return _transcription(payload, str(account.settings.get("inbound_track", "")))
        if "EventType" in payload:
            return _task(payload)
        if "StatusCallbackEvent" in payload and text_of(payload, "ConferenceSid"):
            return _conference(payload)
        if text_of(payload, "CallSid") and "CallStatus" in payload:
            return _status(payload)
        raise NotUnderstood(_("Neither a call status, a transcription, a conference nor a TaskRouter event."))

    def reply(self, payload: Payload, account: Account) -> Reply:
        return Reply()

    def sample(self, account: Account, urls: tuple[str, ...]) -> Incoming:
        pairs = [
            ("AccountSid", str(account.settings.get("account_sid") or "AC" + "0" * 32)),
            ("CallSid", "CA" + secrets.token_hex(16)),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("From", "+12025550123"),
            ("To", "+12025550100"),
            ("SequenceNumber", "0"),
            ("Timestamp", iso_exact(timezone.now())),
        ]
        signature = twilio_signature.signature(urls[0], pairs, account.secrets.get("auth_token", ""))
        return Incoming(body=urlencode(pairs).encode(), content_type=FORM, urls=urls, headers={twilio_signature.HEADER: signature})


def _status(payload: Payload) -> Understood:
    call_id, status = text_of(payload, "CallSid"), text_of(payload, "CallStatus")
    parent, at = text_of(payload, "ParentCallSid"), moment_of(payload.get("Timestamp"))
    return Understood(
        event_id=f"{call_id}:{status}:{text_of(payload, 'SequenceNumber') or digest_of(payload)}",
        kind=f"call {status}",
        call_id=parent or call_id,
        happenings=_agents_leg(payload, parent, status) if parent else _callers_leg(payload, call_id, status),
        at=at,
        signed_at=at,
    )


def _callers_leg(payload: Payload, call_id: str, status: str) -> tuple[Happening, ...]:
    outbound = text_of(payload, "Direction").startswith("outbound")
    opening = Opening(
        call_id=call_id,
        provider="twilio",
        customer_phone=_number(payload, "To" if outbound else "From"),
        customer_name=text_of(payload, "CallerName"),
        direction="outbound" if outbound else "inbound",
        acd_metadata={"dialled": _number(payload, "From" if outbound else "To")},
        started_at=moment_of(payload.get("Timestamp")),
    )
    return _stage(status, opening)


def _agents_leg(payload: Payload, call_id: str, status: str) -> tuple[Happening, ...]:
    """Its end is not the call's end: another agent may take over."""
    if status not in ("ringing", "in-progress", "answered"):
        return ()
    return _stage(status, Opening(call_id=call_id, provider="twilio", agent_id=_party(text_of(payload, "To"))))


def _stage(status: str, opening: Opening) -> tuple[Happening, ...]:
    if status in OVER:
        return (Ended(call_id=opening.call_id, status=OVER[status], answered=status == "completed"),)
    if status in ("in-progress", "answered"):
        return (Started(opening=opening),)
    return (Ringing(opening=opening),) if status in ("queued", "initiated", "ringing") else ()


def _transcription(payload: Payload, inbound_track: str) -> Understood:
    event, call_id, stream = (text_of(payload, name) for name in ("TranscriptionEvent", "CallSid", "TranscriptionSid"))
    if not call_id:
        raise NotUnderstood(_("CallSid is missing."))
    happenings: tuple[Happening, ...] = ()
    if event == "transcription-started":
        happenings = (Started(opening=Opening(call_id=call_id, provider="twilio")),)
    elif event == "transcription-content":
        happenings = _words(payload, call_id, stream, inbound_track)
    at = moment_of(payload.get("Timestamp"))
    return Understood(
        event_id=f"{stream}:{text_of(payload, 'SequenceId')}:{event}",
        kind=_with_error(event, payload),
        call_id=call_id,
        happenings=happenings,
        at=at,
        signed_at=at,
    )


def _words(payload: Payload, call_id: str, stream: str, inbound_track: str) -> tuple[Happening, ...]:
    """A partial has no id of its own: all partials of a track are one line, until a final of that track replaces it."""
    data, track = json_of(payload.get("TranscriptionData")), text_of(payload, "Track")
    text, final = text_of(data, "transcript", most=20_000), text_of(payload, "Final").lower() != "false"
    if not text:
        return ()
    said = Said(
        call_id=call_id,
        speaker=_speaker(track, inbound_track),
        text=text,
        external_id=f"{stream}:{text_of(payload, 'SequenceId')}" if final else f"{stream}:{track}",
        final=final,
        confidence=share_of(data.get("confidence")),
        at=moment_of(payload.get("Timestamp")),
    )
    return (said,)


def _conference(payload: Payload) -> Understood:
    event, leg, conference = (text_of(payload, name) for name in ("StatusCallbackEvent", "CallSid", "ConferenceSid"))
    at = moment_of(payload.get("Timestamp"))
    happenings: tuple[Happening, ...] = ()
    if leg and event in LINE:
        on_hold, muted, speaks = LINE[event]
        happenings = (LineState(call_id=leg, conference=conference, on_hold=on_hold, muted=muted, speaks=speaks, at=at),)
    return Understood(
        event_id=f"{conference}:{text_of(payload, 'SequenceNumber') or digest_of(payload)}:{event}",
        kind=f"conference {event}",
        call_id=leg,
        happenings=happenings,
        at=at,
        signed_at=at,
    )


def _speaker(track: str, inbound_track: str) -> str:
    """A label that someone gave the track, else what they have set, else by direction."""
    if track in ("customer", "agent"):
        return track
    if inbound_track in ("customer", "agent"):
        other = "agent" if inbound_track == "customer" else "customer"
        return inbound_track if track == "inbound_track" else other
    return TRACKS.get(track, CALLER)


def _task(payload: Payload) -> Understood:
    event, attributes = text_of(payload, "EventType"), json_of(payload.get("TaskAttributes"))
    call_id = text_of(attributes, "call_sid") or text_of(attributes, "conference", "participants", "customer")
    at = moment_of(payload.get("TimestampMs") or payload.get("Timestamp"))
    return Understood(
        event_id=text_of(payload, "Sid") or digest_of(payload),
        kind=event,
        call_id=call_id,
        happenings=_of_task(event, _task_opening(payload, attributes, call_id)) if call_id else (),
        at=at,
        signed_at=at,
    )


def _of_task(event: str, opening: Opening) -> tuple[Happening, ...]:
    if event in OFFERED:
        return (Ringing(opening=opening),)
    if event == "reservation.accepted":
        return (Started(opening=opening),)
    return (Ended(call_id=opening.call_id, status=FINISHED[event]),) if event in FINISHED else ()


def _task_opening(payload: Payload, attributes: Mapping[str, Any], call_id: str) -> Opening:
    outbound = text_of(attributes, "direction").startswith("outbound")
    worker, name = json_of(payload.get("WorkerAttributes")), text_of(payload, "WorkerName")
    return Opening(
        call_id=call_id,
        provider="twilio",
        agent_id=text_of(worker, "email") or name,
        agent_name=text_of(worker, "full_name") or name,
        customer_id=text_of(attributes, "customer_id"),
        customer_phone=_number(attributes, "to" if outbound else "from"),
        customer_name=text_of(attributes, "name") if not text_of(attributes, "name").startswith("+") else "",
        queue=text_of(payload, "TaskQueueName"),
        direction="outbound" if outbound else "inbound",
        acd_metadata={"wait_time": _whole(text_of(payload, "TaskAge"))},
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None  # noqa: PLR2004 - seconds


def _number(payload: Mapping[str, Any], name: str) -> str:
    """A telephone number; "" for `client:` and `sip:` addresses, which are no customers' numbers."""
    value = text_of(payload, name, most=40)
    return value if value.lstrip("+").isdigit() else ""


def _party(address: str) -> str:
    """`client:maya` and `sip:maya@example.com` by their name."""
    return address.removeprefix("client:").removeprefix("sip:")


def _with_error(event: str, payload: Payload) -> str:
    error = text_of(payload, "TranscriptionError") if event == "transcription-error" else ""
    return f"{event}: {error}" if error else event
