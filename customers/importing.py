"""Brings customers in from a table or list of another system: CSV, JSON or JSON Lines, a hundred thousand in one go.

columns = columns_of(path)                         # what the file has
mapping = guess(columns)                           # {"email": "E-mail address", ...}: shown, and corrected by people
report = import_customers(path, mapping=mapping, dry_run=True)

Safe to repeat: a customer is known by external id, then e-mail, then phone. What the file leaves empty stays as it is. A row that
names two different customers is left out, and the report says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from customers.identity import FREE_MAIL
from customers.import_rows import CHANGED, CREATED, NAMES, PLAIN, UNCHANGED, Incoming, Report, columns_of, guess, rows, sample, understood
from customers.models import ContactPoint, Customer, Organisation
from helpdesk.core.errors import Invalid

__all__ = ("NAMES", "Report", "columns_of", "guess", "import_customers", "sample")

AT_ONCE = 1000  # rows of one transaction


def import_customers(
    path: Path,
    *,
    mapping: Mapping[str, str],
    dry_run: bool = False,
    region: str | None = None,
    keep_others: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Take every row in, a thousand to a transaction; `dry_run` does the same and takes it back.

    `mapping`: {our field: their column}. `region` ("DK") completes phone numbers without a country. `keep_others` keeps columns that
    are mapped to nothing as attributes. `progress` gets the number of rows done. Raises Invalid when the file or the mapping is wrong.
    """
    _check(mapping)
    report, done = Report(), 0
    seen: dict[tuple[str, str], str] = {}
    remaining = rows(path, report)
    while batch := list(islice(remaining, AT_ONCE)):
        incoming = [one for source, row in batch if (one := understood(source, row, mapping, region, keep_others, report))]
        with transaction.atomic():
            _take(incoming, seen, report)
            transaction.set_rollback(dry_run)
        done += len(batch)
        if progress:
            progress(done)
    return report


def _check(mapping: Mapping[str, str]) -> None:
    unknown = set(mapping) - set(NAMES)
    if unknown:
        raise Invalid(f"There is no field {', '.join(sorted(unknown))}: {', '.join(NAMES)} can be filled.")
    if not {"external_id", "email", "phone"} & {ours for ours, column in mapping.items() if column}:
        raise Invalid("Name the column with the e-mail address, the phone number or the id: without one nobody is recognised again.")


def _take(batch: list[Incoming], seen: dict[tuple[str, str], str], report: Report) -> None:
    """`seen` remembers, over the whole file, which row named a key first: a second one is a repetition, and said to be."""
    fresh = [one for one in batch if not _repeats(one, seen, report)]
    known = _known(fresh)
    organisations = _organisations(fresh)
    new: list[tuple[Incoming, Customer]] = []
    changed: list[Customer] = []
    points: list[ContactPoint] = []
    for one in fresh:
        owners = {known[key].pk: known[key] for key in one.keys if key in known}
        if len(owners) > 1:
            report.leave_out(one.source, "its id, address and phone number belong to different customers")
            continue
        customer = next(iter(owners.values()), None)
        if customer is None:
            customer = Customer(external_id=one.external_id or None, **one.fields)
            _apply(customer, one, organisations)
            new.append((one, customer))
        else:
            added = _missing(customer, one, known)
            points += added
            altered = _apply(customer, one, organisations)
            report.counts[CHANGED if altered or added else UNCHANGED] += 1
            if altered:
                changed.append(customer)
    Customer.objects.bulk_create([customer for _one, customer in new])
    report.counts[CREATED] += len(new)
    for one, customer in new:
        points += [
            ContactPoint(customer=customer, kind=kind, value=value, primary=True) for kind, value in one.keys if kind != "external_id"
        ]
    ContactPoint.objects.bulk_create(points, ignore_conflicts=True)
    Customer.objects.bulk_update(changed, ["external_id", "organisation", "attributes", *PLAIN], batch_size=500)


def _repeats(one: Incoming, seen: dict[tuple[str, str], str], report: Report) -> bool:
    earlier = next((seen[key] for key in one.keys if key in seen), "")
    if earlier:
        report.leave_out(one.source, f"the same customer stands in {earlier}")
        return True
    seen.update(dict.fromkeys(one.keys, one.source))
    return False


def _known(batch: list[Incoming]) -> dict[tuple[str, str], Customer]:
    """The customers whom these rows name. Three queries a batch."""
    ids = [one.external_id for one in batch if one.external_id]
    values = [value for one in batch for _kind, value in one.addresses]
    found: dict[tuple[str, str], Customer] = {}
    people: dict[Any, Customer] = {}  # one object each, whichever way they were found
    for point in ContactPoint.objects.filter(value__in=values).select_related("customer"):
        found[point.kind, point.value] = people.setdefault(point.customer_id, point.customer)
    for customer in Customer.objects.filter(external_id__in=ids):
        found["external_id", customer.external_id or ""] = people.setdefault(customer.pk, customer)
    return found


def _missing(customer: Customer, one: Incoming, known: Mapping[tuple[str, str], Customer]) -> list[ContactPoint]:
    """Addresses of the row that nobody has yet."""
    return [ContactPoint(customer=customer, kind=kind, value=value) for kind, value in one.addresses if (kind, value) not in known]


def _apply(customer: Customer, one: Incoming, organisations: Mapping[str, Organisation]) -> bool:
    """Put the row's values on the customer; whether anything differs."""
    before = {name: getattr(customer, name) for name in ("external_id", "organisation_id", "attributes", *PLAIN)}
    for name, value in one.fields.items():
        setattr(customer, name, value)
    customer.external_id = customer.external_id or one.external_id or None
    organisation = organisations.get(one.organisation.lower()) if one.organisation else organisations.get(_domain(one))
    if organisation and (one.organisation or customer.organisation_id is None):
        customer.organisation = organisation
    if one.attributes:
        customer.attributes = {**customer.attributes, **one.attributes}
    return any(getattr(customer, name) != value for name, value in before.items())


def _organisations(batch: list[Incoming]) -> dict[str, Organisation]:
    """By lower-case name, made where missing, and by the domain of an address: {"nordhavn a/s": …, "@nordhavn.example": …}."""
    wanted = {one.organisation.lower(): one.organisation for one in batch if one.organisation}
    found = {row.name.lower(): row for row in Organisation.objects.filter(name__in=wanted.values())}
    missing = [Organisation(name=name) for key, name in wanted.items() if key not in found]
    found |= {row.name.lower(): row for row in Organisation.objects.bulk_create(missing)}
    domains = {_domain(one)[1:] for one in batch if _domain(one)}
    for row in Organisation.objects.filter(domains__overlap=list(domains)) if domains else ():
        found |= {f"@{domain}": row for domain in row.domains}
    return found


def _domain(one: Incoming) -> str:
    domain = one.email.rpartition("@")[2]
    return f"@{domain}" if domain and domain not in FREE_MAIL else ""
