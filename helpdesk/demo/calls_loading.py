"""The call that goes on while a first visitor looks around.

It is said to the product sentence by sentence through `assist.calls.switchboard`, like every other call: what stands beside
it was found by the product itself. Only its times are set afterwards, as if it had been heard while it was spoken.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from assist.calls import switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import CallSession, TranscriptionSegment
from helpdesk.core.models import Event, Receipt

from .company import Cast
from .moments import Moments
from .source import HERE

LIVE = "gps-stops-with-screen-off"
SO_FAR = 135  # seconds of it that have been spoken
CALL_ID = "demonstration-in-progress"


def load_call(cast: Cast, at: Moments) -> None:
    """A call in progress, instead of the copy of an earlier load."""
    with transaction.atomic():
        _forget()
        began = at.now - timedelta(seconds=SO_FAR)
        session, _new = switchboard.start(_opening(_written()["call"], cast, began))
        for one in _written()["segments"]:
            if one["end_time"] <= SO_FAR:
                switchboard.hear(session, Spoken(**one))
        _as_if_heard_then(session, began)


def _written() -> dict[str, Any]:
    return json.loads((HERE / "calls" / f"{LIVE}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _opening(call: dict[str, Any], cast: Cast, began: datetime) -> Opening:
    """The people of the file as they are known here, so that nobody is there twice."""
    agent = next(one for one in cast.agents.values() if one.name == call["agent_name"])
    customer = next(one for one in cast.customers.values() if one.name == call["customer_name"])
    people: dict[str, Any] = {
        "agent_id": str(agent.pk),
        "agent_name": agent.name,
        "customer_id": str(customer.pk),
        "customer_name": customer.name,
    }
    known = {name: call[name] for name in ("customer_phone", "acd_metadata", "crm_metadata")}
    return Opening(call_id=CALL_ID, started_at=began, **people, **known)


def _as_if_heard_then(session: CallSession, began: datetime) -> None:
    CallSession.objects.filter(pk=session.pk).update(answered_at=began)
    heard = began + timedelta(seconds=1) * F("end_time")  # type: ignore[operator]  # an expression: PostgreSQL multiplies
    TranscriptionSegment.objects.filter(session=session).update(created_at=heard)
    _events(session).update(occurred_at=began)
    Receipt.objects.filter(event__in=_events(session)).update(done_at=Now())  # it rang no bell: nobody was there to hear it


def _forget() -> None:
    for session in CallSession.objects.filter(call_id=CALL_ID):
        _events(session).delete()
        session.delete()


def _events(session: CallSession) -> Any:
    return Event.objects.filter(subject_type="callsession", subject_id=str(session.pk))
