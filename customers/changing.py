"""Partners write down a customer or an organisation, and change what we know of one. What changed is an event."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers import identity
from customers.models import ContactPoint, Customer, Organisation
from helpdesk.core.errors import Conflict
from helpdesk.core.events import record


def write_down(*, by: Any, email: str = "", phone: str = "", external_id: str = "", **facts: Any) -> Customer:
    """A new customer. Raises Conflict when we know somebody by one of these already: they are named in `customer_id`."""
    known = identity.find(email=email, phone=phone, external_id=external_id)
    if known is not None:
        raise Conflict(_("There is a customer with this address or id already."), customer_id=str(known.pk))
    with transaction.atomic():
        customer = identity.resolve(email=email, phone=phone, external_id=external_id, name=facts.pop("name", ""))
        _set(customer, facts)
    return customer


def change(customer: Customer, *, by: Any, **wanted: Any) -> None:
    """`email` and `phone` become the primary one; the ones before stay known. Raises Conflict for what is another customer's."""
    points: dict[str, str] = {kind: wanted.pop(kind) for kind in ("email", "phone") if kind in wanted}
    with transaction.atomic():
        before = _set(customer, wanted) | {kind: getattr(customer, kind) for kind in points}
        for kind, value in points.items():
            _make_primary(customer, kind, value)
        after = {name: _told(wanted.get(name, points.get(name))) for name in before}
        record("customer.changed", subject=customer, customer=customer, by=by, old={n: _told(v) for n, v in before.items()}, new=after)
    customer.refresh_from_db()


def found(*, by: Any, **facts: Any) -> Organisation:
    """A new organisation. Raises Conflict for an external id that another one has."""
    with transaction.atomic():
        organisation = Organisation()
        _set(organisation, facts)
        record("organisation.created", subject=organisation, by=by)
    return organisation


def change_organisation(organisation: Organisation, *, by: Any, **wanted: Any) -> None:
    with transaction.atomic():
        before = _set(organisation, wanted)
        record("organisation.changed", subject=organisation, by=by, old=before, new={name: wanted[name] for name in before})


def _set(row: Customer | Organisation, wanted: dict[str, Any]) -> dict[str, Any]:
    """Save these; returns what stood there before. Raises Conflict where a value must be one's own and is another's."""
    before = {name: getattr(row, name) for name in wanted}
    for name, value in wanted.items():
        setattr(row, name, (value or None) if name == "external_id" else value)
    try:
        with transaction.atomic():
            row.save(update_fields=list(wanted) if not row._state.adding else None)
    except IntegrityError as taken:
        raise Conflict(_("This external id belongs to another one.")) from taken
    return before


def _make_primary(customer: Customer, kind: str, given: str) -> None:
    value = identity.normal_email(given) if kind == ContactPoint.Kind.EMAIL else identity.normal_phone(given)
    if ContactPoint.objects.filter(kind=kind, value=value).exclude(customer=customer).exists():
        raise Conflict(_("This address belongs to another customer. Merge the two instead."))
    customer.contact_points.filter(kind=kind).exclude(value=value).update(primary=False)
    customer.contact_points.update_or_create(kind=kind, value=value, defaults={"primary": True})


def _told(value: Any) -> Any:
    return str(value.pk) if isinstance(value, Organisation) else value
