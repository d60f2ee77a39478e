"""Who sits before a chat widget: a stranger in a browser, or a user for whom the website vouches.

A visitor holds a bearer token, signed by us, bound to one visitor of one site, good for half an hour and renewed while they stay. No
cookie is involved: another site can make a browser send nothing in a visitor's name. Sockets are opened with a one-time ticket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs

from django.core import signing
from django.db import transaction
from django.utils import timezone

from assist.models import WidgetSite, WidgetVisitor
from customers import identity as customers
from customers.models import Customer
from helpdesk.core.models import OneTimeToken
from helpdesk.core.socket_access import TICKET_LIFETIME

from .identities import Identity, IdentityRefused

PREFIX = "wv_"  # tells a visitor's token from a partner's key
SALT = "widget visitor"
LIFETIME = timedelta(minutes=30)
RENEWABLE = timedelta(days=30)  # a stranger's thread stays theirs over visits
PROOF_LASTS = timedelta(hours=24)  # then the website has to vouch again


@dataclass(frozen=True)
class Visitor:
    """One visitor, as a viewer: it may see what its own customer may. `customer` comes into being when first asked for."""

    row: WidgetVisitor

    actor_kind: ClassVar[str] = "customer"
    is_authenticated: ClassVar[bool] = True  # stands in for the user of an API request
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    @property
    def pk(self) -> Any:
        return self.row.pk

    @property
    def site(self) -> WidgetSite:
        return self.row.site

    @property
    def user_id(self) -> str:
        return self.row.user_id

    @property
    def verified(self) -> bool:
        """Did the website vouch for them? What a stranger says of themselves proves nothing."""
        return bool(self.row.external_id)

    @property
    def email(self) -> str:
        """Where to write to: the customer's own address if they are verified, else what they gave."""
        return (self.customer.email if self.verified else "") or self.row.email

    @property
    def customer(self) -> Customer:
        if self.row.customer is None:
            with transaction.atomic():
                held = WidgetVisitor.objects.select_for_update(of=("self",)).select_related("customer").get(pk=self.row.pk)
                if held.customer is None:
                    held.customer = customers.resolve(external_id=held.user_id, name=held.name)
                    held.save(update_fields=["customer"])
                self.row.customer = held.customer
        return self.row.customer


def enter(site: WidgetSite) -> tuple[Visitor, str]:
    """A stranger comes: a new visitor, and their token."""
    row = WidgetVisitor.objects.create(site=site)
    return Visitor(row), _token(row)


def enter_as(site: WidgetSite, identity: Identity) -> tuple[Visitor, str]:
    """A user for whom the site vouches (identities.verify)."""
    with transaction.atomic():
        person = _person(identity)
        fields = {"customer": person, "proven_at": timezone.now(), "revoked_at": None}
        row, _made = WidgetVisitor.objects.update_or_create(site=site, external_id=identity.user_id, defaults=fields)
    return Visitor(row), _token(row)


def from_token(token: str) -> Visitor | None:
    """The visitor behind a bearer token; None when it is forged, too old, of a site that is off, or of a secret that was replaced."""
    return _read(token, LIFETIME)


def renew(token: str) -> tuple[Visitor, str] | None:
    """A fresh token for an old one, for thirty days; for verified visitors as long as the website's word counts."""
    visitor = _read(token, RENEWABLE)
    if visitor is None or (visitor.verified and (visitor.row.proven_at or visitor.row.created_at) < timezone.now() - PROOF_LASTS):
        return None
    return visitor, _token(visitor.row)


def leave(visitor: Visitor) -> None:
    """They signed out of the website: no token of theirs opens anything until it vouches anew."""
    WidgetVisitor.objects.filter(pk=visitor.pk).update(revoked_at=timezone.now())


def introduce(visitor: Visitor, *, name: str, email: str) -> None:
    """What a visitor says of themselves before the chat. It is written down, and proves nothing."""
    name, email = name.strip()[:200], customers.normal_email(email)
    WidgetVisitor.objects.filter(pk=visitor.pk).update(name=name, email=email)
    visitor.row.name, visitor.row.email = name, email
    if name and visitor.row.customer is not None and not visitor.row.customer.name:
        Customer.objects.filter(pk=visitor.row.customer.pk, name="").update(name=name)


def issue_ticket(visitor: Visitor) -> str:
    """A secret that opens this visitor's own chat socket, once, within a minute."""
    data = {"bound_to": f"chat:{visitor.user_id}", "visitor": str(visitor.pk), "generation": visitor.site.generation}
    return OneTimeToken.issue(OneTimeToken.Purpose.SOCKET, lifetime=TICKET_LIFETIME, data=data)[1]


def at_door(headers: dict[bytes, bytes], query: bytes, *, user_id: str) -> Visitor | None:
    """The visitor who comes to the chat socket of `user_id`, by ticket or bearer; None for anybody else's, and for who is no visitor."""
    asked = parse_qs(query.decode("latin-1"), max_num_fields=20)
    if "ticket" in asked:
        return _redeem(asked["ticket"][0], user_id)
    scheme, _space, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    visitor = from_token(token.strip()) if scheme.lower() == "bearer" else None
    return visitor if visitor is not None and visitor.user_id == user_id else None


def is_still(visitor: Visitor) -> bool:
    """Has this visitor kept the rights with which they came? For sockets, which outlive their tickets."""
    row = _row(visitor.pk)
    return row is not None and (not row.external_id or row.site.generation == visitor.site.generation)


def _token(row: WidgetVisitor) -> str:
    return PREFIX + signing.dumps({"v": row.pk.hex, "g": row.site.generation}, salt=SALT)


def _read(token: str, age: timedelta) -> Visitor | None:
    if not token.startswith(PREFIX) or len(token) > 500:  # noqa: PLR2004 - ours have some 120 characters
        return None
    try:
        said = signing.loads(token.removeprefix(PREFIX), salt=SALT, max_age=age)
    except signing.BadSignature:
        return None
    row = _row(said["v"])
    return None if row is None or (row.external_id and said["g"] != row.site.generation) else Visitor(row)


def _row(pk: Any) -> WidgetVisitor | None:
    """The row, if it still opens something.

    When agents merge a stranger's record with a customer's, the stranger does not become that customer: their token ends.
    """
    live = WidgetVisitor.objects.filter(pk=pk, revoked_at=None, site__is_active=True).select_related(
        "site__queue", "site__calendar", "customer__organisation"
    )
    row = live.first()
    stranger = row is not None and not row.external_id and row.customer is not None
    return None if row is None or (stranger and row.customer.external_id != row.user_id) else row  # type: ignore[union-attr]


def _redeem(secret: str, user_id: str) -> Visitor | None:
    """The ticket is spent by whoever comes first; one of an agent, of a key, or for another user is left as it is."""
    ticket = OneTimeToken.find(OneTimeToken.Purpose.SOCKET, secret[:200])
    if ticket is None or ticket.data.get("bound_to") != f"chat:{user_id}" or "visitor" not in ticket.data:
        return None
    if not OneTimeToken.objects.filter(pk=ticket.pk, used_at__isnull=True).update(used_at=timezone.now()):
        return None
    row = _row(ticket.data["visitor"])
    return Visitor(row) if row is not None and row.site.generation == ticket.data["generation"] else None


def _person(identity: Identity) -> Customer:
    """The customer with this id; else the one with this address, if no other id is theirs yet; else a new one.

    Raises IdentityRefused for a user's id that happens to be our own id of somebody else: users of a site may choose their names.
    """
    known = Customer.objects.select_related("merged_into").filter(external_id=identity.user_id).first()
    same = customers.find(email=identity.email) if identity.email and known is None else None
    if same is not None and same.external_id is None:
        same.external_id = identity.user_id
        same.save(update_fields=["external_id"])
        return same
    person = customers.resolve(external_id=identity.user_id, email="" if same else identity.email, name=identity.name)
    if known is None and person.external_id != identity.user_id:
        raise IdentityRefused("This “user_id” is an id of the helpdesk’s own.")
    return person
