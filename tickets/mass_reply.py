"""One word on an incident, sent as a reply to every open ticket that comes of it; each customer hears it once.

job = start(incident, update, by=priya)     # nothing leaves for ten seconds
stop(job)                                   # all of it, or what has not left yet

A worker writes the replies, each in a transaction of its own with its row: killed, it goes on where it stopped and sends none twice.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core import piecework
from helpdesk.core.errors import Conflict, HelpdeskError
from helpdesk.core.models import User
from knowledge.models import Incident, IncidentUpdate
from tickets import replying
from tickets.linking import tickets_of
from tickets.models import MassReply, MassReplyPiece, Message, StatusLink, Ticket

log = logging.getLogger(__name__)

UNHEARD = timedelta(seconds=30)  # after which a worker is asked again
SHOWN = 20  # of those that were left out
State = MassReply.State
Piece = MassReplyPiece.State


@dataclass(frozen=True)
class Progress:
    """How far a job is."""

    job: MassReply
    whole: int
    sent: int
    left_out: list[tuple[str, str]]  # (number of the ticket, why); the first of them
    left_out_count: int

    @property
    def done(self) -> int:
        return self.sent + self.left_out_count


def recipients(incident: Incident, viewer: User) -> QuerySet[Ticket]:
    """The open tickets that would hear an update: the newest of each customer."""
    tied: QuerySet[Ticket] = tickets_of(incident, viewer).active()
    return tied.order_by("customer_id", "-updated_at", "id").distinct("customer_id")


def start(incident: Incident, update: IncidentUpdate, *, by: User) -> MassReply:
    """Write down who is to hear it. The same update asked for twice is one job."""
    with transaction.atomic():
        job, made = MassReply.objects.get_or_create(update=update, defaults={"started_by": by, "starts_at": timezone.now() + replying.UNDO})
        if made:
            ids = recipients(incident, by).values_list("pk", flat=True)
            MassReplyPiece.objects.bulk_create([MassReplyPiece(job=job, ticket_id=pk) for pk in ids], batch_size=1000)
    return job


def stop(job: MassReply) -> tuple[int, int]:
    """(not sent, sent already)."""
    with transaction.atomic():
        MassReply.objects.filter(pk=job.pk, state__in=MassReply.BUSY).update(state=State.STOPPED)
        kept = job.pieces.waiting().update(state=Piece.LEFT_OUT, why=_("Stopped"))
    return kept, job.pieces.filter(state=Piece.SENT).count()


def work(pk: UUID) -> bool:
    """What the worker does: some replies; whether more are to be written. Safe to repeat, and to run beside another."""
    now = timezone.now()
    due = MassReply.objects.filter(pk=pk, state__in=MassReply.BUSY, starts_at__lte=now)
    if not due.update(state=State.RUNNING, asked_at=now):
        return False
    job = MassReply.objects.select_related("update__incident", "started_by").get(pk=pk)
    waiting = MassReplyPiece.objects.waiting().filter(job=job, job__state=State.RUNNING)
    if piecework.each(waiting, partial(_tell, job)):
        return True
    if not waiting.exists():  # another worker may still be at the last ones
        MassReply.objects.filter(pk=pk, state=State.RUNNING).update(state=State.DONE)
    return False


def left_behind() -> list[UUID]:
    """Jobs of which no worker was heard: it was killed, or never asked while the broker was away."""
    now = timezone.now()
    quiet = MassReply.objects.filter(state__in=MassReply.BUSY, starts_at__lte=now, asked_at__lte=now - UNHEARD)
    return list(quiet.values_list("pk", flat=True))


def progress_of(incident: Incident, *, most: int = 3) -> list[Progress]:
    """The newest jobs of an incident. One query."""
    left_out = MassReplyPiece.objects.filter(job=OuterRef("pk"), state=Piece.LEFT_OUT).order_by("pk")
    jobs = MassReply.objects.filter(update__incident=incident).annotate(
        whole=Count("pieces"),
        sent=Count("pieces", filter=Q(pieces__state=Piece.SENT)),
        left=Count("pieces", filter=Q(pieces__state=Piece.LEFT_OUT)),
        left_out=ArraySubquery(left_out.values(json=JSONObject(number="ticket__number", why="why"))[:SHOWN]),
    )
    return [
        Progress(job, job.whole, job.sent, [(one["number"], one["why"]) for one in job.left_out], job.left)
        for job in jobs.select_related("started_by")[:most]
    ]


def _tell(job: MassReply, piece: MassReplyPiece) -> None:
    """One reply, in the transaction that holds its row."""
    try:
        with transaction.atomic():
            piece.message = _reply(job, piece)
    except HelpdeskError as refused:
        piece.why = refused.detail[:300]
    except Exception:  # whatever it was, one ticket does not hold up thousands
        log.exception("mass_reply_failed", extra={"job": str(job.pk), "ticket": str(piece.ticket_id)})
        piece.why = _("It could not be sent; the log says why")
    piece.state = Piece.LEFT_OUT if piece.why else Piece.SENT
    piece.save(update_fields=["state", "message", "why"])


def _reply(job: MassReply, piece: MassReplyPiece) -> Message:
    """A resolved incident's last word solves the ticket. Raises Conflict for what changed since the button was pressed."""
    update, by = job.update, job.started_by
    if by is None:
        raise Conflict(_("Its author has left"))
    ticket = Ticket.objects.visible_to(by).select_for_update(of=("self",)).filter(pk=piece.ticket_id).first()
    if ticket is None:
        raise Conflict(_("Its author may not see it any more"))
    if not ticket.is_active:
        raise Conflict(_("Solved meanwhile"))
    if not StatusLink.objects.present().filter(ticket=ticket, incident=update.incident_id).exists():
        raise Conflict(_("Taken off the incident"))
    return replying.reply(
        ticket=ticket,
        by=by,
        text=_words(update),
        status=Ticket.Status.RESOLVED if update.status == Incident.Status.RESOLVED else _kept(ticket),
        take=False,  # one word to thousands does not make them one person's
        undo=timedelta(0),  # second thoughts were had before the first was written
        metadata={"incident": str(update.incident_id), "incident_update": str(update.pk)},
    )


def _kept(ticket: Ticket) -> str:
    """News does not change what the ticket waits for; a new one was answered now."""
    return Ticket.Status.OPEN if ticket.status == Ticket.Status.NEW else ticket.status


def _words(update: IncidentUpdate) -> str:
    incident = update.incident
    head = _("News on “%(title)s” (%(reference)s):") % {"title": incident.title, "reference": incident.reference}
    return f"{head}\n\n{update.text}"
