"""Any PBX that posts `newCall`, `answer` and `hangup`: the generic CTI events, adopted unchanged, as JSON or as a form.

Fields: `event`, `from`, `to`, `direction` (in | out), `callId`, `user` (also `user[]`), `queue`, `answeringNumber`, `cause`.
We may answer a new call with `{"action": "reject", "reason"}` or `{"action": "dial", "callerId", "number"}`. Nothing is signed.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.calls.parties import Opening

from .avaya import ADDRESSES
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
    Started,
    Understood,
    digest_of,
    text_of,
)

EVENTS = ("newCall", "answer", "hangup")
CAUSES = {"forwarded": "transferred", "cancel": "abandoned", "noAnswer": "abandoned", "busy": "abandoned", "notFound": "abandoned"}


class Pbx:
    slug = "pbx"
    label = gettext_lazy("Telephone system (PBX)")
    about = gettext_lazy(
        "Asterisk, FreePBX, 3CX and others that can call an address for newCall, answer and hangup: who calls "
        "is on screen while it rings. Text comes through the generic interface, with the same callId as "
        "call_id."
    )
    steps = (
        gettext_lazy("Let your telephone system post the events newCall, answer and hangup to the secret address, as JSON or as a form."),
        gettext_lazy("Send the agent's email address or external ID as user: then the call opens on their screen."),
    )
    signed = False
    fields = (
        ADDRESSES,
        Field(
            name="refused",
            label=gettext_lazy("Numbers to refuse"),
            help=gettext_lazy("One a line, in international form: the telephone system is told that the line is busy."),
            many=True,
        ),
        Field(
            name="caller_id",
            label=gettext_lazy("Number shown on outgoing calls"),
            help=gettext_lazy("Empty: the telephone system decides."),
        ),
    )

    def verify(self, incoming: Incoming, account: Account) -> None:
        """Nothing is signed: the secret address is the proof."""

    def understand(self, payload: Payload, account: Account) -> Understood:
        event, call_id = text_of(payload, "event"), text_of(payload, "callId")
        if event not in EVENTS or not call_id:
            raise NotUnderstood(_("event must be newCall, answer or hangup, and callId must name the call."))
        return Understood(
            event_id=f"{event}:{call_id[:180]}:{digest_of(payload)}",
            kind=event,
            call_id=call_id,
            happenings=() if _refused(payload, account) else (_happening(payload, event, call_id),),
        )

    def reply(self, payload: Payload, account: Account) -> Reply:
        if text_of(payload, "event") != "newCall":
            return Reply({})
        if _refused(payload, account):
            return Reply({"action": "reject", "reason": "busy"})
        caller_id, number = str(account.settings.get("caller_id", "")), text_of(payload, "to", most=40)
        dials = text_of(payload, "direction") == "out" and caller_id and number
        return Reply({"action": "dial", "callerId": caller_id, "number": number} if dials else {})

    def sample(self, account: Account, urls: tuple[str, ...]) -> Incoming:
        event = {
            "event": "newCall",
            "callId": f"test-{secrets.token_hex(8)}",
            "from": "+12025550123",
            "to": "+12025550100",
            "direction": "in",
        }
        return Incoming(body=json.dumps(event).encode(), urls=urls)


def _happening(payload: Payload, event: str, call_id: str) -> Happening:
    if event == "hangup":
        return Ended(call_id=call_id, status=CAUSES.get(text_of(payload, "cause"), "completed"))
    outbound, users = text_of(payload, "direction") == "out", _users(payload)
    opening = Opening(
        call_id=call_id,
        provider="pbx",
        agent_id=users[0] if len(users) == 1 else text_of(payload, "answeringNumber") if event == "answer" else "",
        customer_phone=text_of(payload, "to" if outbound else "from", most=40),
        queue=text_of(payload, "queue"),
        direction="outbound" if outbound else "inbound",
        acd_metadata={"dialled": text_of(payload, "from" if outbound else "to"), "offered_to": users},
    )
    return Started(opening=opening) if event == "answer" else Ringing(opening=opening)


def _users(payload: Payload) -> list[str]:
    """Whose telephones ring; who answered."""
    value: Any = payload.get("user") or payload.get("user[]") or []
    named = (text_of(one, most=150) for one in (value if isinstance(value, list) else [value]))
    return [one for one in named if one][:50]


def _refused(payload: Payload, account: Account) -> bool:
    """Anonymous callers and outgoing calls are never refused."""
    listed = {_digits(str(one)) for one in account.settings.get("refused", ())} - {""}
    return text_of(payload, "direction") != "out" and _digits(text_of(payload, "from", most=40)) in listed


def _digits(number: str) -> str:
    return "".join(letter for letter in number if letter.isdigit()).removeprefix("00")
