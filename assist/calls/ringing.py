"""A call that rings: what the card says of the caller, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction

from assist.models import CallSession
from helpdesk.core.errors import Conflict
from helpdesk.core.events import record
from helpdesk.core.models import User
from tickets.models import Ticket

from . import screen, switchboard, transcript
from .switchboard import Opening

MOST_RINGING, MOST_TICKETS = 3, 3


class Taken(Conflict):
    """A colleague was quicker."""

    code = "call-taken"


@dataclass
class Ring:
    call: CallSession
    name: str
    tickets: list[Ticket] = field(default_factory=list)
    earlier: int = 0  # calls of this customer before


def rings(viewer: User) -> list[Ring]:
    """What rings at the viewer's desk now, the oldest first. Two queries, and two more for each card (at most three)."""
    here = CallSession.objects.filter(status=CallSession.Status.RINGING, agent=viewer).with_people()
    return [ring(call, viewer) for call in here.order_by("started_at")[:MOST_RINGING]]


def running(viewer: User) -> int:
    """How many calls run that concern the viewer: their own; for who oversees, all that they see."""
    calls = CallSession.objects.visible_to(viewer).running()
    return (calls if viewer.oversees or viewer.role == User.Role.LEAD else calls.filter(agent=viewer)).count()


def ring(call: CallSession, viewer: User) -> Ring:
    """Who calls, and about what it may be."""
    found = Ring(call, screen.name_of(call))
    if call.customer_id:
        mine = Ticket.objects.visible_to(viewer).active().filter(customer=call.customer_id)
        found.tickets = list(mine.order_by("due_at")[:MOST_TICKETS])
        found.earlier = CallSession.objects.filter(customer=call.customer_id).exclude(pk=call.pk).count()
    return found


def accept(session: CallSession, *, by: User) -> CallSession:
    """The agent takes the call on screen; the telephone itself is answered where it stands. Raises Taken."""
    if session.agent_id not in (None, by.pk):
        raise Taken
    if session.status != CallSession.Status.RINGING:
        return session
    return switchboard.start(Opening(call_id=session.call_id, provider=session.provider, agent_id=str(by.pk)))[0]


def decline(session: CallSession, *, by: User) -> None:
    """The agent does not take it: it rings on without them, for whoever the telephone system asks next."""
    with transaction.atomic():
        session = transcript.locked(session)
        if session.status != CallSession.Status.RINGING or session.agent_id != by.pk:
            return
        audience = session.audience
        session.agent = None
        session.save(update_fields=["agent"])
        record("call.declined", subject=session, by=by, customer=session.customer, audience=audience, session=str(session.session_id))
