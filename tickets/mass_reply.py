"""One word on an incident, sent as a reply to every open ticket that comes of it; each customer hears it once.

sent = answer_all(incident, text=update.text, by=priya, update=update)      # [Message, ...]; they leave after the usual ten seconds
take_back(incident, update, by=priya)
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User
from knowledge.models import Incident, IncidentUpdate
from tickets import replying
from tickets.linking import tickets_of
from tickets.models import Message, Ticket

MOST = 300  # replies in one go; the button can be pressed again for the others


def waiting_for(incident: Incident, update: IncidentUpdate | None, viewer: User) -> list[Ticket]:
    """The open tickets that would hear it: the newest of each customer, but nobody who has heard this update already."""
    told = set(_sent(update).values_list("ticket__customer", flat=True)) if update else set()
    newest: dict[UUID, Ticket] = {}
    for ticket in tickets_of(incident, viewer).active().order_by("-updated_at", "id"):
        if ticket.customer_id not in told:
            newest.setdefault(ticket.customer_id, ticket)
    return list(newest.values())


def answer_all(incident: Incident, update: IncidentUpdate, *, by: User) -> tuple[list[Message], list[str]]:
    """What was sent, and the numbers of tickets where it could not be. A resolved incident's last word solves the tickets."""
    sent, refused = [], []
    over = update.status == Incident.Status.RESOLVED
    for ticket in waiting_for(incident, update, by)[:MOST]:
        try:
            status = Ticket.Status.RESOLVED if over else _kept(ticket)
            mark = {"incident": str(incident.pk), "incident_update": str(update.pk)}
            sent.append(replying.reply(ticket=ticket, by=by, text=_words(incident, update), status=status, metadata=mark))
        except HelpdeskError as error:
            refused.append(f"{ticket.number}: {error.detail}")
    return sent, refused


def take_back(update: IncidentUpdate, *, by: User) -> tuple[int, int]:
    """(taken back, too late). Within the undo window of replies."""
    taken = late = 0
    for message in _sent(update).filter(user=by).select_related("ticket"):
        try:
            replying.withdraw(message, by=by)
            taken += 1
        except HelpdeskError:  # it has left: counted, and said on the page
            late += 1
    return taken, late


def _sent(update: IncidentUpdate) -> QuerySet[Message]:
    return Message.objects.filter(metadata__incident_update=str(update.pk))


def _kept(ticket: Ticket) -> str:
    """News does not change what the ticket waits for; a new one was answered now."""
    return Ticket.Status.OPEN if ticket.status == Ticket.Status.NEW else ticket.status


def _words(incident: Incident, update: IncidentUpdate) -> str:
    head = _("News on “%(title)s” (%(reference)s):") % {"title": incident.title, "reference": incident.reference}
    return f"{head}\n\n{update.text}"
