"""Facts with two times. A newer fact closes the older one, a late one finds its place before it, and nothing is erased.

Every row says over which time its value held, and from when until when we believed so. To learn something is to carve its time out
of what was believed: each row that is cut is retired, and what is left of it goes on as rows of its own. Method: bi-temporal tables
as in R. Snodgrass, Developing Time-Oriented Database Applications in SQL (1999), chapter 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer, MemoryFact
from helpdesk.core.errors import Conflict, Invalid

from . import consent
from .moments import checked

LONGEST = 300  # characters of a value
_KEPT = ("customer_id", "attribute", "value", "confidence", "source_kind", "source_id", "ticket_ref", "quote")
MANY = frozenset({"product"})  # attributes of which a customer has several at once: each value stands for itself


@dataclass(frozen=True)
class Source:
    """Where something was learned: a message, ticket, call, CRM, API call or agent, by its id, and the words."""

    kind: str
    id: str = ""
    quote: str = ""
    ticket: UUID | None = None


def learn(
    customer: Customer,
    attribute: str,
    value: str,
    *,
    source: Source,
    since: datetime | None = None,
    until: datetime | None = None,
    learned: datetime | None = None,
    confidence: float = 0.7,
) -> MemoryFact:
    """Believe from now on that this held since then. The same from the same source again changes nothing.

    Of two values for one and the same moment the surer one counts; equally sure, the one learned later. The other is kept, retired.
    Raises ConsentRequired without leave to remember, Invalid for an end before its start or a time of learning that is to come.
    """
    attribute, value = attribute.strip().lower()[:60], value.strip()[:LONGEST]
    if not attribute or not value or not 0 <= confidence <= 1:
        raise Invalid(_("A fact needs a name, a value and a confidence between 0 and 1."))
    times = checked(since, until, learned)
    if times.ends == times.starts:
        raise Invalid(_("A fact holds for some time."))
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)  # one at a time: the rows of a customer must not overlap
        consent.require(customer, consent.STORAGE, "Entity")
        row = MemoryFact(
            customer=customer,
            attribute=attribute,
            value=value,
            starts_at=times.starts,
            ends_at=times.ends,
            learned_at=times.learned,
            confidence=confidence,
            source_kind=source.kind,
            source_id=source.id[:150],
            quote=source.quote[:300],
            ticket_ref=source.ticket,
        )
        return _place(row)


def facts(customer: Customer, as_of: datetime | None = None, *, valid: bool = True) -> QuerySet[MemoryFact]:
    """What we believed at a moment to hold at it (or, with `valid=False`, ever to have held). Check consent before showing it."""
    moment = as_of or timezone.now()
    known = MemoryFact.objects.filter(customer=customer).known_at(moment)
    return (known.held_at(moment) if valid else known.filter(starts_at__lte=moment)).order_by("attribute", "starts_at")


def correct(fact: MemoryFact, value: str, *, source: Source) -> MemoryFact:
    """An agent or the customer says that it was otherwise all along: the value is replaced over the fact's own time."""
    return learn(fact.customer, fact.attribute, value, source=source, since=fact.starts_at, until=fact.ends_at, confidence=1.0)


def end(fact: MemoryFact, *, at: datetime | None = None, source: Source, ahead: bool = False) -> MemoryFact:
    """It held until then (now), and no new value is known. Returns what is believed from now on, with who said so as its source.

    `ahead`: the end may be to come, as that of a subscription that was cancelled.

    Raises Conflict for what is believed no more, Invalid for an end before the start or after the end that is known.
    """
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=fact.customer_id)
        consent.require(fact.customer, consent.STORAGE, "Entity")
        row = MemoryFact.objects.get(pk=fact.pk)
        if row.retired_at:
            raise Conflict(_("Something newer is known."))
        now = max(timezone.now(), row.learned_at)
        ends = (at or now) if ahead else min(at or now, now)
        if ends <= row.starts_at or (row.ends_at is not None and ends >= row.ends_at):
            raise Invalid(_("The day must be after the start, and before the end that is known."))
        MemoryFact.objects.filter(pk=row.pk).update(retired_at=now)
        row.pk, row.ends_at, row.learned_at, row.confidence = MemoryFact._meta.pk.get_default(), ends, now, 1.0
        row.source_kind, row.source_id = source.kind, source.id[:150]
        row.save(force_insert=True)
    return row


def _place(new: MemoryFact) -> MemoryFact:
    same = MemoryFact.objects.filter(customer_id=new.customer_id, attribute=new.attribute)
    if new.attribute in MANY:
        same = same.filter(value=new.value)
    if new.source_id and (told := same.filter(source_kind=new.source_kind, source_id=new.source_id, value=new.value).first()):
        return told
    rows = list(same.filter(retired_at=None).order_by("starts_at"))
    new.learned_at = max([new.learned_at, *(row.learned_at for row in rows)])  # a clock that was set back does not undo what we knew
    if new.ends_at is None:  # what began later is already known, and stays
        new.ends_at = min((row.starts_at for row in rows if row.starts_at > new.starts_at), default=None)
    cut = [row for row in rows if overlaps(row, new)]
    if len(cut) == 1 and cut[0].value == new.value and _covers(cut[0], new):
        return cut[0]
    if any(row.starts_at == new.starts_at and row.confidence > new.confidence for row in cut):
        new.retired_at = new.learned_at  # heard, and never believed
    else:
        for row in cut:
            carve(row, new, new.learned_at)
    new.save(force_insert=True)
    return new


def overlaps(row: MemoryFact, new: MemoryFact) -> bool:
    """Whether they say something of one and the same moment."""
    return (row.ends_at is None or row.ends_at > new.starts_at) and (new.ends_at is None or row.starts_at < new.ends_at)


def _covers(row: MemoryFact, new: MemoryFact) -> bool:
    return row.starts_at <= new.starts_at and (row.ends_at is None or (new.ends_at is not None and row.ends_at >= new.ends_at))


def carve(row: MemoryFact, new: MemoryFact, at: datetime) -> None:
    """Retire a row at a moment; what is left of its time beside the new one is believed from then on."""
    MemoryFact.objects.filter(pk=row.pk).update(retired_at=at)
    if row.starts_at < new.starts_at:
        _piece(row, row.starts_at, new.starts_at, at)
    if new.ends_at is not None and (row.ends_at is None or row.ends_at > new.ends_at):
        _piece(row, new.ends_at, row.ends_at, at)


def _piece(row: MemoryFact, starts: datetime, ends: datetime | None, learned: datetime) -> None:
    kept = {name: getattr(row, name) for name in _KEPT}
    MemoryFact.objects.create(starts_at=starts, ends_at=ends, learned_at=learned, **kept)
