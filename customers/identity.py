"""Who is speaking? One entry: `resolve` finds the customer by our id, their own id, e-mail or phone, or makes a new one."""

from __future__ import annotations

import uuid

import phonenumbers
from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects

from customers.models import ContactPoint, Customer, Organisation
from helpdesk.core.events import record

FREE_MAIL = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com gmx.de gmx.net web.de proton.me "
    "protonmail.com mail.com yandex.ru qq.com 163.com posteo.de fastmail.com zoho.com".split()
)


def resolve(*, email: str = "", phone: str = "", name: str = "", external_id: str = "", customer_id: str = "") -> Customer:
    """Find or create the customer. Identifiers are tried in the order customer_id, external_id, email, phone.

    Runs in the caller's transaction; two doors that meet the same new address at once end up with one customer.
    Addresses that are new are added to the one found, but never taken away from another customer.
    """
    email, phone = normal_email(email), normal_phone(phone)
    customer = find(email=email, phone=phone, external_id=external_id, customer_id=customer_id)
    if customer is None:
        customer = _create(email=email, phone=phone, name=name, external_id=external_id)
    prefetch_related_objects([customer], "contact_points")  # read once: name, address and what is new are asked for repeatedly
    if name and not customer.name:
        customer.name = name[:200]
        customer.save(update_fields=["name"])
    _learn(customer, email=email, phone=phone)
    return customer


def find(*, email: str = "", phone: str = "", external_id: str = "", customer_id: str = "") -> Customer | None:
    """The customer whom one of these names already, or None. The id of a merged record leads to the person it was merged into."""
    for value in filter(None, (customer_id, external_id)):
        if customer := _by_id(value):
            return customer.merged_into or customer
    for kind, value in ((ContactPoint.Kind.EMAIL, normal_email(email)), (ContactPoint.Kind.PHONE, normal_phone(phone))):
        point = ContactPoint.objects.select_related("customer__organisation").filter(kind=kind, value=value).first() if value else None
        if point:
            return point.customer
    return None


def normal_email(value: str) -> str:
    """Lower case, trimmed. Local parts are compared without case because every large provider does so."""
    return value.strip().lower()[:320]


def normal_phone(value: str, region: str | None = None) -> str:
    """E.164 where the number can be understood, else its digits, so that the same caller is recognised again."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(value, region), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return "".join(c for c in value if c.isdigit() or c == "+")[:32]


def _by_id(value: str) -> Customer | None:
    customers = Customer.objects.select_related("organisation", "merged_into__organisation")
    try:
        return customers.filter(pk=uuid.UUID(str(value))).first() or customers.filter(external_id=value).first()
    except ValueError:
        return customers.filter(external_id=value).first()


def _create(*, email: str, phone: str, name: str, external_id: str) -> Customer:
    try:
        with transaction.atomic():
            customer = Customer.objects.create(name=name[:200], external_id=external_id or None, organisation=_organisation_of(email))
            for kind, value in _points(email, phone):
                ContactPoint.objects.create(customer=customer, kind=kind, value=value, primary=True)
            record("customer.created", subject=customer, customer=customer)
    except IntegrityError:  # another door met the same person a moment earlier
        other = find(email=email, phone=phone, external_id=external_id)
        if other is None:
            raise
        return other
    return customer


def _learn(customer: Customer, *, email: str, phone: str) -> None:
    own = [(point.kind, point.value) for point in customer.contact_points.all()]
    new = [(kind, value) for kind, value in _points(email, phone) if (kind, value) not in own]
    for kind, value in new:
        if not ContactPoint.objects.filter(kind=kind, value=value).exists():
            customer.contact_points.create(kind=kind, value=value, primary=kind not in dict(own))  # drops what was read before


def _points(email: str, phone: str) -> list[tuple[str, str]]:
    return [(kind, value) for kind, value in ((ContactPoint.Kind.EMAIL, email), (ContactPoint.Kind.PHONE, phone)) if value]


def _organisation_of(email: str) -> Organisation | None:
    """Colleagues share a domain; customers of free mail providers do not."""
    domain = email.rpartition("@")[2]
    return Organisation.objects.filter(domains__contains=[domain]).first() if domain and domain not in FREE_MAIL else None
