"""Who gets the next ticket. A team is either worked by hand, or its tickets are given out: in turn, or to whom has least to do.

`give_out` is the one way: for each such team, the oldest ticket that waits goes to a colleague who is available, has room, and has
the skills and the language. Decisions are made one at a time in the whole house, so nobody gets more than their capacity and no ticket
goes to two. It is asked for whenever something may have freed somebody, and by the scheduler; asking twice does no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from helpdesk.core.models import User
from tickets.models import Queue, QueueMembership, Ticket

SETTLE = timedelta(seconds=60)  # so long triage has to say to which team a new ticket goes
AT_ONCE = 100  # tickets of one ask
_LOCK = 0x726F757465  # of the whole house: "route"
GONE = (User.Availability.AWAY, User.Availability.OFFLINE)
WORKING = (Ticket.Status.NEW, Ticket.Status.OPEN)


def give_out(queue_id: UUID | None = None) -> int:
    """Give out what waits, in one team or in all; returns how many tickets."""
    queues = Queue.objects.exclude(routing=Queue.Routing.MANUAL)
    return sum(_in_queue(queue) for queue in (queues.filter(pk=queue_id) if queue_id else queues))


def give_out_for(user_id: UUID) -> int:
    """Somebody is free again: the teams they are in."""
    teams = QueueMembership.objects.taking().filter(user=user_id).values_list("queue_id", flat=True)
    return sum(give_out(queue_id) for queue_id in teams)


def reopened(ticket_id: UUID) -> bool:
    """A ticket came back: when its owner is away, it goes to somebody who is there. True when it changed hands."""
    with transaction.atomic():
        _one_at_a_time()
        rows = Ticket.objects.select_related("queue", "assignee").select_for_update(of=("self",))
        ticket = rows.filter(pk=ticket_id, status__in=WORKING, assignee__isnull=False).first()
        if ticket is None or ticket.queue.routing == Queue.Routing.MANUAL:
            return False
        owner = ticket.assignee
        if owner is None or (owner.is_active and owner.availability not in GONE):
            return False
        found = next((one for one in _free(ticket.queue, ticket) if one.user_id != owner.pk), None)
        ticket.decided_by_people = [name for name in ticket.decided_by_people if name != "assignee"]  # else nobody would be given it
        ticket.save(update_fields=["decided_by_people"])
        _assign(ticket, found, reason="the owner is away")
    return True


def _in_queue(queue: Queue) -> int:
    given = 0
    for ticket_id in _waiting(queue).values_list("pk", flat=True)[:AT_ONCE]:
        outcome = _give(queue, ticket_id)
        if outcome is None:  # nobody at all has room: later tickets wait as well
            break
        given += outcome
    return given


def _give(queue: Queue, ticket_id: UUID) -> bool | None:
    """True: given. False: not this one (gone, held, or nobody with its skills). None: nobody has room."""
    with transaction.atomic():
        _one_at_a_time()
        ticket = _waiting(queue).select_for_update(skip_locked=True, of=("self",)).filter(pk=ticket_id).first()
        if ticket is None:
            return False
        free = _free(queue, ticket)
        if not free:
            return None
        _assign(ticket, free[0], reason=str(queue.get_routing_display()))
    return True


def _waiting(queue: Queue) -> QuerySet[Ticket]:
    """Oldest first: what nobody has, and what nobody has laid aside by hand."""
    settled = Q(analysis__isnull=False) | Q(created_at__lte=timezone.now() - SETTLE)
    mine = Ticket.objects.filter(settled, queue=queue, status__in=WORKING, assignee__isnull=True, merged_into=None).awake()
    return mine.exclude(decided_by_people__contains=["assignee"]).order_by("created_at", "id")


def _free(queue: Queue, ticket: Ticket) -> Sequence[QueueMembership]:
    """Members who can take it now, the next one first. Those who speak the customer's language go before the others."""
    there = {"user__is_active": True, "user__availability": User.Availability.AVAILABLE}
    members = QueueMembership.objects.taking().filter(queue=queue, **there)
    if queue.skills:
        members = members.filter(user__skills__contains=list(queue.skills))
    busy_with = Count("user__tickets", filter=Q(user__tickets__status__in=WORKING))
    members = members.select_related("user").annotate(load=busy_with).filter(load__lt=F("user__capacity"))
    found = sorted(members, key=lambda one: _turn(queue, one))
    if not (queue.matches_language and ticket.language):
        return found
    language = ticket.language.partition("-")[0]
    return sorted(found, key=lambda one: language not in {*one.user.languages, one.user.language})  # stable: the order within stays


def _turn(queue: Queue, member: QueueMembership) -> tuple[float, float, str]:
    last = member.last_given_at.timestamp() if member.last_given_at else 0.0
    share = member.load / max(member.user.capacity, 1) if queue.routing == Queue.Routing.LEAST_LOADED else 0.0  # type: ignore[attr-defined]
    return share, last, member.user.name


def _assign(ticket: Ticket, member: QueueMembership | None, *, reason: str) -> None:
    ticket.assign(to=member.user if member else None, by=None, reason=reason)
    if member:
        QueueMembership.objects.filter(pk=member.pk).update(last_given_at=timezone.now())


def _one_at_a_time() -> None:
    """Held until the transaction ends. Always taken before a ticket is, so that two never wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
