"""Two records of one person become one, and can become two again for thirty days.

Whatever points at the merged customer, in any app, points at the kept one afterwards. The merged record stays, hidden, so that its id
still leads to the person; rows that the kept one may have only once (a CRM's record of them) stay with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers import ledgers
from customers.models import ContactPoint, Customer, CustomerMerge
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import User

UNDO = timedelta(days=30)
# Only gaps of the kept customer are filled; what both say differently stays as the kept one has it, and the preview shows it.
FILLED = ("name", "organisation_id", "title", "technical_level", "satisfaction_score", "language", "time_zone", "tier")
NEVER_MOVED = ("customers.customermerge.kept", "customers.customermerge.merged", "customers.customer.merged_into")


@dataclass(frozen=True)
class Preview:
    """What a merge would do."""

    counts: dict[str, int]  # {"tickets": 12}: rows that would move, by what they are called
    addresses: list[str]
    filled: dict[str, Any]  # {"title": "Head of Outbound"}
    conflicts: dict[str, tuple[Any, Any]]  # {"tier": (kept, merged)}


def preview(kept: Customer, merged: Customer) -> Preview:
    """Look before the leap; changes nothing."""
    counts: dict[str, int] = {}
    for relation in _relations():
        number = _rows(relation, merged).count()
        if number:
            name = str(relation.related_model._meta.verbose_name_plural)
            counts[name] = counts.get(name, 0) + number
    both = {name: (getattr(kept, name), getattr(merged, name)) for name in FILLED if name != "organisation_id"}
    conflicts = {name: pair for name, pair in both.items() if all(pair) and pair[0] != pair[1] and not _is_default(name, pair[1])}
    return Preview(counts, [point.value for point in merged.contact_points.all()], _gaps(kept, merged), conflicts)


def merge(*, kept: Customer, merged: Customer, by: User) -> CustomerMerge:
    """Make one of two. Raises Invalid for one and the same, Conflict when either is merged already."""
    if kept.pk == merged.pk:
        raise Invalid(_("This is the same customer."))
    with transaction.atomic():
        rows = {row.pk: row for row in Customer.objects.select_for_update().filter(pk__in=(kept.pk, merged.pk)).order_by("pk")}
        kept, merged = rows[kept.pk], rows[merged.pk]
        if kept.merged_into_id or merged.merged_into_id:
            raise Conflict(_("One of them was merged already."))
        filled = _fill(kept, merged)
        with ledgers.opened():  # what they agreed to moves with them
            moved = {_label(relation): pks for relation in _relations() if (pks := _move(relation, merged, kept))}
        ContactPoint.objects.filter(pk__in=moved.get("customers.contactpoint.customer", ())).update(primary=False)
        merged.merged_into = kept
        merged.save(update_fields=["merged_into"])
        done = CustomerMerge.objects.create(kept=kept, merged=merged, moved=moved, filled=filled, by=by)
        record("customer.merged", subject=kept, customer=kept, by=by, merge=str(done.pk), other=str(merged.pk), name=merged.display_name)
    return done


def undo(done: CustomerMerge, *, by: User) -> None:
    """Make two of one again: what was moved goes back, what came since stays. Raises Conflict when it is too late or was done."""
    with transaction.atomic():
        done = CustomerMerge.objects.select_for_update().get(pk=done.pk)
        if done.undone_at:
            raise Conflict(_("This merge was undone already."))
        if timezone.now() - done.at > UNDO:
            raise Conflict(_("A merge can be undone for 30 days."))
        kept, merged = Customer.objects.select_for_update().get(pk=done.kept_id), Customer.objects.get(pk=done.merged_id)
        with ledgers.opened():
            for label, pks in done.moved.items():
                _move_back(label, pks, kept, merged)
        _empty(kept, done.filled)
        merged.merged_into = None
        merged.save(update_fields=["merged_into"])
        _renew_primary(merged)
        done.undone_at = timezone.now()
        done.save(update_fields=["undone_at"])
        record(
            "customer.merge_undone", subject=kept, customer=kept, by=by, merge=str(done.pk), other=str(merged.pk), name=merged.display_name
        )


def undoable(customer: Customer) -> CustomerMerge | None:
    """The latest merge into this customer that can still be undone."""
    return customer.merges.filter(undone_at=None, at__gt=timezone.now() - UNDO).select_related("merged", "by").first()


def _relations() -> Iterator[models.ForeignObjectRel]:
    """Every foreign key to Customer, in whatever app."""
    for relation in Customer._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and relation.related_model is not Customer and _label(relation) not in NEVER_MOVED:
            yield relation


def _label(relation: models.ForeignObjectRel) -> str:
    return f"{relation.related_model._meta.label_lower}.{relation.field.name}"


def _rows(relation: models.ForeignObjectRel, customer: Customer) -> models.QuerySet[Any]:
    return relation.related_model._base_manager.filter(**{relation.field.name: customer})


def _move(relation: models.ForeignObjectRel, merged: Customer, kept: Customer) -> list[Any]:
    """Point the rows at the kept customer; returns their keys. Where all together clash, one by one, and those that clash stay."""
    rows, name = _rows(relation, merged), relation.field.name
    pks = list(rows.values_list("pk", flat=True))
    if pks and not _pointed(rows.filter(pk__in=pks), name, kept):
        pks = [pk for pk in pks if _pointed(rows.filter(pk=pk), name, kept)]
    return [str(pk) if not isinstance(pk, int) else pk for pk in pks]


def _pointed(rows: models.QuerySet[Any], name: str, kept: Customer) -> bool:
    try:
        with transaction.atomic():
            rows.update(**{name: kept})
    except IntegrityError:
        return False
    return True


def _move_back(label: str, pks: list[Any], kept: Customer, merged: Customer) -> None:
    """Rows that were deleted or moved on since are left where they are."""
    model, _dot, name = label.rpartition(".")
    apps.get_model(model)._base_manager.filter(pk__in=pks, **{name: kept}).update(**{name: merged})


def _fill(kept: Customer, merged: Customer) -> dict[str, list[Any]]:
    filled = {name: [getattr(kept, name), value] for name, value in _gaps(kept, merged).items()}
    attributes = {**merged.attributes, **kept.attributes}
    if attributes != kept.attributes:
        filled["attributes"] = [kept.attributes, attributes]
    for name, (_before, after) in filled.items():
        setattr(kept, name, after)
    kept.save()
    return {name: [_plain(before), _plain(after)] for name, (before, after) in filled.items()}


def _empty(kept: Customer, filled: dict[str, list[Any]]) -> None:
    """Take back what was filled, unless somebody has changed it since."""
    for name, (before, after) in filled.items():
        if _plain(getattr(kept, name)) == after:
            setattr(kept, name, before)
    kept.save()


def _gaps(kept: Customer, merged: Customer) -> dict[str, Any]:
    both = {name: (getattr(kept, name), getattr(merged, name)) for name in FILLED}
    return {name: theirs for name, (ours, theirs) in both.items() if theirs and theirs != ours and (not ours or _is_default(name, ours))}


def _is_default(name: str, value: Any) -> bool:
    field = Customer._meta.get_field(name)
    return bool(getattr(field, "has_default", lambda: False)() and value == field.get_default())  # type: ignore[union-attr]


def _plain(value: Any) -> Any:
    return value if isinstance(value, dict | str | int | float | None.__class__) else str(value)


def _renew_primary(customer: Customer) -> None:
    for kind in ContactPoint.Kind.values:
        first = customer.contact_points.filter(kind=kind).order_by("created_at").first()
        if first and not customer.contact_points.filter(kind=kind, primary=True).exists():
            ContactPoint.objects.filter(pk=first.pk).update(primary=True)
