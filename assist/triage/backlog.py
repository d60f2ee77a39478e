"""Triage of a backlog, started by a supervisor in the console: many open tickets one after the other, by a worker.

batch = start({"queue": "billing", "unread": "1"}, by=priya)     # written down; a worker is asked
stop(batch) … go_on(batch) … undo(batch, by=priya)

No transaction is open while the engine thinks. Each ticket's result is written with its row, so a killed worker's batch goes on where it
stopped, and no ticket is changed twice. The same policies hold as for a ticket that arrives.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import TriageBatch, TriageBatchPiece, TriageRun
from helpdesk.core import piecework
from helpdesk.core.errors import Conflict, HelpdeskError, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import User
from tickets.models import Message, Ticket
from tickets.models.ticket import TicketQuerySet

from . import arrival, undoing

log = logging.getLogger(__name__)

AT_ONCE = 25  # tickets of one task: a second or two, then others have their turn
HELD = timedelta(seconds=60)  # for which one worker has the batch to itself
CHOICES = ("queue", "category", "priority", "days", "unread", "unassigned")
FIELDS = (*undoing.FIELDS, "escalation", "incident")
State, Piece = TriageBatch.State, TriageBatchPiece.State


def chosen(wanted: Mapping[str, str], viewer: User) -> TicketQuerySet:
    """The open tickets that `wanted` means: `queue`, `category` ("none"), `priority`, `days` (not older), `unread`, `unassigned`."""
    tickets = Ticket.objects.visible_to(viewer).active()
    if queue := wanted.get("queue"):
        tickets = tickets.filter(queue__slug=queue)
    if category := wanted.get("category"):
        tickets = tickets.filter(category__isnull=True) if category == "none" else tickets.filter(category__slug=category)
    if priority := wanted.get("priority"):
        tickets = tickets.filter(priority=priority)
    if (days := wanted.get("days", "")).isascii() and days.isdigit():
        tickets = tickets.filter(created_at__gte=timezone.now() - timedelta(days=int(days[:4])))
    if wanted.get("unread"):
        tickets = tickets.filter(~Exists(TriageRun.objects.filter(ticket=OuterRef("pk"))))
    if wanted.get("unassigned"):
        tickets = tickets.unassigned()
    return tickets


def start(wanted: Mapping[str, str], *, by: User) -> TriageBatch:
    """Write down which tickets. Raises Invalid when there is none, Conflict while another batch is on its way."""
    kept = {name: wanted[name] for name in CHOICES if wanted.get(name)}
    with transaction.atomic():
        list(TriageBatch.objects.select_for_update().filter(state__in=TriageBatch.BUSY))
        if TriageBatch.objects.filter(state__in=TriageBatch.BUSY).exists():
            raise Conflict(_("A batch is on its way. Stop it first, or wait until it is done."))
        ids = list(chosen(kept, by).order_by("created_at", "pk").values_list("pk", flat=True))
        if not ids:
            raise Invalid(_("No open ticket is like that."))
        batch = TriageBatch.objects.create(chosen=kept, started_by=by)
        TriageBatchPiece.objects.bulk_create([TriageBatchPiece(batch=batch, ticket_id=pk) for pk in ids], batch_size=1000)
        record("triage.batch_started", subject=batch, by=by, tickets=len(ids))
    return batch


def stop(batch: TriageBatch, *, by: User) -> None:
    """After the ticket that is being read. What was done stays; it can be gone on with, or taken back."""
    with transaction.atomic():
        if TriageBatch.objects.filter(pk=batch.pk, state=State.RUNNING).update(state=State.STOPPED, finished_at=timezone.now()):
            record("triage.batch_stopped", subject=batch, by=by)


def go_on(batch: TriageBatch, *, by: User) -> None:
    """With what is left, and once more with what failed. Raises Conflict when nothing is left, or it was taken back."""
    with transaction.atomic():
        row = TriageBatch.objects.select_for_update().get(pk=batch.pk)
        if row.state not in (State.STOPPED, State.DONE):
            raise Conflict(_("This batch is on its way, or was taken back."))
        row.pieces.failed().update(state=Piece.WAITING, note="")
        if not row.pieces.waiting().exists():
            raise Conflict(_("Nothing is left of this batch."))
        TriageBatch.objects.filter(pk=row.pk).update(state=State.RUNNING, finished_at=None, held_until=timezone.now())
        record("triage.batch_started", subject=row, by=by, tickets=row.pieces.waiting().count())


def undo(batch: TriageBatch, *, by: User) -> None:
    """Take back what it changed, ticket by ticket, where nobody has changed it since. Raises Conflict while it runs."""
    with transaction.atomic():
        waiting = TriageBatch.objects.filter(pk=batch.pk, state__in=(State.STOPPED, State.DONE))
        if not waiting.update(state=State.UNDOING, undone_by=by, held_until=timezone.now(), finished_at=None):
            raise Conflict(_("Stop the batch first."))
        record("triage.batch_undone", subject=batch, by=by)


def work(pk: UUID) -> bool:
    """What the worker does: some tickets; whether more are left. Safe to repeat: while one worker holds the batch, another leaves it."""
    if not _hold(pk):
        return False
    batch = TriageBatch.objects.select_related("undone_by").get(pk=pk)
    more = _take_back(batch) if batch.state == State.UNDOING else _read_some(batch)
    TriageBatch.objects.filter(pk=pk).update(held_until=timezone.now())
    if not more:
        over = {State.RUNNING: State.DONE, State.UNDOING: State.UNDONE}
        for before, after in over.items():
            TriageBatch.objects.filter(pk=pk, state=before).update(state=after, finished_at=timezone.now())
    return more


def left_behind() -> list[UUID]:
    """Batches that nobody is at: their worker was killed, or was never asked while the broker was away."""
    return list(TriageBatch.objects.filter(state__in=TriageBatch.BUSY, held_until__lte=timezone.now()).values_list("pk", flat=True))


def counts(batches: Iterable[TriageBatch]) -> dict[UUID, dict[str, int]]:
    """For each: `whole`, `waiting`, `read`, `changed`, `failed`, `undone`, `done`, and how many of each field. One query for all."""
    numbers: dict[str, Count] = {
        "whole": Count("pieces"),
        "done": Count("pieces", ~Q(pieces__state=Piece.WAITING)),
        "changed": Count("pieces", Q(pieces__state=Piece.READ) & ~Q(pieces__changes={})),
        **{state: Count("pieces", Q(pieces__state=state)) for state in Piece.values},
        **{name: Count("pieces", Q(pieces__changes__has_key=name)) for name in FIELDS},
    }
    rows = TriageBatch.objects.filter(pk__in=[one.pk for one in batches]).order_by().values_list("pk").annotate(**numbers)
    return {pk: dict(zip(numbers, counted, strict=True)) for pk, *counted in rows}


def _hold(pk: UUID) -> bool:
    now = timezone.now()
    free = TriageBatch.objects.filter(pk=pk, state__in=TriageBatch.BUSY, held_until__lte=now)
    return bool(free.update(held_until=now + HELD))


def _read_some(batch: TriageBatch) -> bool:
    for _n in range(AT_ONCE):
        piece = TriageBatchPiece.objects.waiting().filter(batch=batch, batch__state=State.RUNNING).order_by("pk").first()
        if piece is None:
            return False
        _read(piece)
        TriageBatch.objects.filter(pk=batch.pk).update(held_until=timezone.now() + HELD)
    return True


def _read(piece: TriageBatchPiece) -> None:
    """Think, then write the result with the piece. Whatever fails is written down, and the next ticket has its turn."""
    try:
        _understand(piece)
    except HelpdeskError as refused:
        _fail(piece, refused.detail)
    except Exception as error:  # one ticket does not hold up the backlog
        log.exception("batch_triage_failed", extra={"ticket": str(piece.ticket_id)})
        _fail(piece, type(error).__name__)


def _understand(piece: TriageBatchPiece) -> None:
    said = Message.objects.from_customer().public().filter(ticket=piece.ticket_id, automatic=False)
    message = said.select_related("ticket__customer__organisation", "ticket__queue").order_by("-created_at", "-id").first()
    if message is None:
        raise Invalid(_("No customer has written in this ticket"))
    before = TriageRun.objects.filter(message=message, repeats=None).first()
    outcome = arrival.think(message)
    with transaction.atomic():
        held = TriageBatchPiece.objects.select_for_update().get(pk=piece.pk)
        if held.state != Piece.WAITING:  # another worker was faster
            return
        run = arrival.write(message, outcome, repeats=before)
        held.run, held.state, held.changes = run, Piece.READ, run.changes if run else {}
        held.note = _("Steps that failed: %(names)s") % {"names": ", ".join(sorted(outcome.errors))} if outcome.errors else ""
        held.note = held.note[:300]
        held.save(update_fields=["run", "state", "changes", "note"])


def _fail(piece: TriageBatchPiece, why: str) -> None:
    TriageBatchPiece.objects.filter(pk=piece.pk, state=Piece.WAITING).update(state=Piece.FAILED, note=why[:300])


def _take_back(batch: TriageBatch) -> bool:
    return piecework.each(batch.pieces.changed(), partial(_undo_one, batch.undone_by))


def _undo_one(by: Any, piece: TriageBatchPiece) -> None:
    kept = undoing.undo(piece.run, by=by) if piece.run else list(piece.changes)
    piece.state = Piece.UNDONE
    piece.note = _("Changed since, and left so: %(names)s") % {"names": ", ".join(kept)} if kept else ""
    piece.save(update_fields=["state", "note"])
