"""Customers sign in with a link that we mail to their address: no password, and apart from agents' sign-in.

One visit for all that is theirs, requests as well as data. It belongs to a mailbox, for a week, in the browser where the link was
followed; the browser holds a secret, we its hash, so that signing out ends it for every copy. What cannot be taken back (archive,
erasure) takes a visit that began within the hour.

    may_ask(visitor)                 # within the caps of this IP address?
    send_link(address, to=REQUESTS)  # in the worker: a link, when we know the address
    enter(secret)                    # spend the link; the secret of the visit and the page to go to
    visit_of(request)                # Visit(address, customer, is_fresh), or None
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.identity import normal_email
from customers.models import ContactPoint, Customer
from helpdesk.core.accounts.links import absolute
from helpdesk.core.limits import spend
from helpdesk.core.models import OneTimeToken

LINK, VISIT, FRESH = timedelta(minutes=30), timedelta(days=7), timedelta(hours=1)
PER_ADDRESS, PER_VISITOR, WINDOW = 3, 20, timedelta(hours=1)
COOKIE, PATH = "customer-visit", "/help/"
REQUESTS, PRIVACY = "/help/requests/", "/help/privacy/"  # where a link may lead
Purpose = OneTimeToken.Purpose

_knowing: list[Callable[[str], bool]] = []  # apps above know of addresses that are no customer's: whoever was copied in


@dataclass(frozen=True)
class Visit:
    """Who followed a link: always an address, and its customer when it has one."""

    token: OneTimeToken
    customer: Customer | None

    @property
    def address(self) -> str:
        return self.token.email

    @property
    def is_fresh(self) -> bool:
        return timezone.now() - self.token.created_at < FRESH


def known_by(knows: Callable[[str], bool]) -> None:
    """Links go to addresses that `knows` knows, too."""
    _knowing.append(knows)


def may_ask(visitor: str) -> bool:
    """Count a wish for a link; False when there were too many from here. Too many for one address are not told."""
    return spend("customer-link-visitor", visitor, limit=PER_VISITOR, window=WINDOW)


def send_link(address: str, to: str = PRIVACY) -> bool:
    """Mail a link to an address that we know; nothing to any other, and nothing more often than three times an hour."""
    address = normal_email(address)
    known = customer_of(address) is not None or any(knows(address) for knows in _knowing)
    if not known or not spend("customer-link", address, limit=PER_ADDRESS, window=WINDOW):
        return False
    _token, secret = OneTimeToken.issue(Purpose.CUSTOMER, lifetime=LINK, email=address, data={"to": to})
    words = {"link": absolute(reverse("customer-enter", args=(secret,))), "minutes": LINK.seconds // 60, "product": settings.PRODUCT_NAME}
    subject = _("Your link to %(product)s") % {"product": settings.PRODUCT_NAME}
    send_mail(subject, render_to_string("customers/public/link.txt", words), None, [address])
    return True


def enter(secret: str) -> tuple[str, str] | None:
    """Spend a link: the secret of a new visit, and the page to go to. None for a link that opens nothing."""
    token = OneTimeToken.find(Purpose.CUSTOMER, secret) or OneTimeToken.find(Purpose.REQUESTS, secret)  # an older link
    with transaction.atomic():
        if token is None or not OneTimeToken.objects.filter(pk=token.pk, used_at=None).update(used_at=timezone.now()):
            return None
        _token, visit = OneTimeToken.issue(Purpose.VISIT, lifetime=VISIT, email=token.email)
    return visit, REQUESTS if token.purpose == Purpose.REQUESTS or token.data.get("to") == REQUESTS else PRIVACY


def let_in(response: HttpResponse, visit: str) -> None:
    """Give the browser its secret; it shows it to the help centre only."""
    secure = not settings.ON_LOOPBACK
    response.set_cookie(COOKIE, visit, max_age=VISIT, path=PATH, secure=secure, httponly=True, samesite="Lax")


def visit_of(request: HttpRequest) -> Visit | None:
    token = OneTimeToken.find(Purpose.VISIT, request.COOKIES.get(COOKIE, "")[:200])
    return Visit(token, customer_of(token.email)) if token else None


def leave(request: HttpRequest, response: HttpResponse) -> None:
    """End the visit, here and wherever its cookie was copied to."""
    if visit := visit_of(request):
        OneTimeToken.objects.filter(pk=visit.token.pk).update(revoked_at=timezone.now())
    response.delete_cookie(COOKIE, path=PATH)


def customer_of(address: str) -> Customer | None:
    """Whose address it is; a merged record's addresses are those of the person it was merged into."""
    point = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=address, customer__merged_into=None).first()
    return Customer.objects.prefetch_related("contact_points").get(pk=point.customer_id) if point else None
