"""The chain: every entry gets a number and a hash over itself and the hash before it, so that whoever changes, removes, inserts or
reorders one breaks it. What was cut off at the end shows against an anchor that is kept elsewhere.

One writer seals in batches, under an advisory lock. Sealing inside each change's own transaction would make all of them wait in one
line, for as long as the slowest lasts, and deadlock with the rows that they lock; so writing an entry costs one insert and no lock,
and an entry stands unsealed for a few seconds. Until then the table's own triggers guard it, as they do afterwards.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from helpdesk.core.models import AuditEntry, AuditSeal

BEFORE_THE_FIRST = "0" * 64
_LOCK = 7_301_944  # any number that no other advisory lock of ours has
BATCH = 1000
# Transactions that began earlier may commit later: so far behind the newest seal the sealer looks each time, and once a day everywhere.
LOOKED_BACK = 5000
HASHED = ("actor_kind", "actor_id", "actor_name", "address", "request_id", "act", "subject", "subject_id", "label", "before", "after")


@dataclass(frozen=True)
class Head:
    """The newest link of the chain; of an empty chain number 0."""

    seq: int
    hash: str


def head() -> Head:
    newest = AuditSeal.objects.order_by("-seq").first()
    return Head(newest.seq, newest.hash) if newest else Head(0, BEFORE_THE_FIRST)


def seal(*, everywhere: bool = False) -> int:
    """Seal what waits, oldest first; returns how many. A second sealer at the same time finds the lock taken and does nothing."""
    sealed = 0
    while done := _seal_batch(everywhere):
        sealed += done
        if done < BATCH:
            break
    return sealed


def _seal_batch(everywhere: bool) -> int:
    with transaction.atomic():
        if not _locked():
            return 0
        last, seals = head(), []
        for entry in unsealed(everywhere=everywhere).order_by("id")[:BATCH]:
            made = link(entry, last)
            seals.append(AuditSeal(seq=made.seq, entry=entry, previous=last.hash, hash=made.hash))
            last = made
        AuditSeal.objects.bulk_create(seals)
    return len(seals)


def unsealed(*, everywhere: bool = True) -> Any:
    """Entries without a seal."""
    waiting = AuditEntry.objects.filter(~Exists(AuditSeal.objects.filter(entry=OuterRef("pk"))))
    if everywhere:
        return waiting
    newest = AuditSeal.objects.order_by("-entry_id").values_list("entry_id", flat=True).first() or 0
    return waiting.filter(id__gt=newest - LOOKED_BACK)


def link(entry: AuditEntry, last: Head) -> Head:
    """The link that `entry` makes after `last`: SHA-256 over canonical JSON (sorted keys, no spaces, UTF-8)."""
    said = {name: getattr(entry, name) for name in HASHED}
    said |= {"seq": last.seq + 1, "id": entry.pk, "at": entry.at.isoformat(), "previous": last.hash}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Head(last.seq + 1, hashlib.sha256(canonical.encode()).hexdigest())


@dataclass(frozen=True)
class Broken:
    """The first place where the chain does not hold."""

    seq: int
    why: str


def verify(anchors: Iterable[Head] = ()) -> Broken | None:
    """Walk the whole chain. None: every link holds, and every anchor is in it."""
    last, wanted = Head(0, BEFORE_THE_FIRST), {one.seq: one.hash for one in anchors}
    for seal_ in _seals():
        broken = _broken(seal_, last)
        if broken:
            return Broken(last.seq + 1, broken)
        last = Head(seal_.seq, seal_.hash)
        if wanted.pop(last.seq, last.hash) != last.hash:
            return Broken(last.seq, "it is not the entry that was anchored: the chain was written anew")
    if wanted:
        return Broken(last.seq + 1, f"missing: an anchor names entry {max(wanted)}, the chain ends at {last.seq}")
    return None


def _broken(found: AuditSeal, last: Head) -> str:
    if found.seq != last.seq + 1:
        return f"missing: the next one in the chain is {found.seq}"
    entry = _entry(found)
    if entry is None:
        return f"its entry (id {found.entry_id}) was removed"
    where = f"{entry.at:%Y-%m-%d %H:%M:%S} UTC, id {entry.pk}: {entry}"
    if found.previous != last.hash:
        return f"it does not follow the one before it ({where})"
    if link(entry, last).hash != found.hash:
        return f"it was changed after it was sealed ({where})"
    return ""


def _seals() -> Iterator[AuditSeal]:
    """All seals with their entries, by number, through one server-side cursor. An entry that is gone is None."""
    yield from AuditSeal.objects.order_by("seq").prefetch_related("entry").iterator(chunk_size=BATCH)


def _entry(found: AuditSeal) -> AuditEntry | None:
    try:
        return found.entry
    except AuditEntry.DoesNotExist:
        return None


def _locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])
