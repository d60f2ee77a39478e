"""Warnings and breaches, each told once: the scheduler asks every few seconds for the clocks that are due to be looked at."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tickets import sla
from tickets.models import Ticket
from tickets.sla.clocks import Record

AT_ONCE = 200
MOST_ROUNDS = 25  # of one ask; what is left is the next one's
REWORKED_AT_ONCE = 100


def watch(now: datetime | None = None) -> int:
    """Tell of every clock that runs out or has run out; returns how many events. Two who watch at once never tell one thing twice."""
    told = 0
    for _round in range(MOST_ROUNDS):
        with transaction.atomic():
            rows = Ticket.objects.filter(sla_check_at__lte=now or timezone.now()).select_related("queue").order_by("sla_check_at")
            due = list(rows.select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
            told += sum(_tell(ticket, now or timezone.now()) for ticket in due)
        if len(due) < AT_ONCE:
            break
    return told


def _tell(ticket: Ticket, now: datetime) -> int:
    record, percent = Record.read(ticket.clocks), int(ticket.clocks.get("warn_percent", 0))
    told = 0
    for kind, due in sla.running_clocks(ticket).items():
        what = "breached" if due <= now else _warning(ticket, record, kind, due, now)
        if what is None or f"{kind}.{what}" in record.told:
            continue
        record.told[f"{kind}.{what}"] = due.isoformat()
        if what == "breached":
            record.told[f"{kind}.warned"] = due.isoformat()  # too late for a warning
        ticket.record(
            f"sla.{what}", clock=kind, due_at=due.isoformat(), policy=ticket.clocks["stretches"][-1]["name"], queue=ticket.queue.slug
        )
        told += 1
    ticket.sla_check_at = sla.next_check(ticket, record, percent)
    ticket.clocks = {**ticket.clocks, "told": record.told}
    ticket.save(update_fields=["clocks", "sla_check_at"])
    return told


def _warning(ticket: Ticket, record: Record, kind: str, due: datetime, now: datetime) -> str | None:
    percent = int(ticket.clocks.get("warn_percent", 0))
    return "warned" if percent and sla.warning_at(ticket, record, kind, due, percent) <= now else None


def rework_all() -> int:
    """Work every open ticket's due times out anew: a policy or a calendar was changed. May run twice, and beside people who work."""
    done, last = 0, UUID(int=0)
    while True:
        with transaction.atomic():
            rows = Ticket.objects.active().filter(pk__gt=last).order_by("pk").select_for_update(of=("self",))
            tickets = list(rows[:REWORKED_AT_ONCE])
            for ticket in tickets:
                sla.reschedule(ticket)
            Ticket.objects.bulk_update(tickets, sla.FIELDS)
        if not tickets:
            return done
        done, last = done + len(tickets), tickets[-1].pk
