"""Customers who sign in with a link that we send to their address: no password, for an hour, apart from agents' sign-in.

ask_for_link(address) always looks the same; enter(request, secret) spends the link; who(request) is the customer, or None.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import ContactPoint, Customer
from helpdesk.core.accounts.links import absolute
from helpdesk.core.limits import spend
from helpdesk.core.models import OneTimeToken

LINK, VISIT = timedelta(minutes=30), timedelta(hours=1)
PER_ADDRESS, PER_VISITOR, WINDOW = 3, 20, timedelta(hours=1)
KEY = "customer"
PURPOSE = OneTimeToken.Purpose.CUSTOMER


def may_ask(visitor: str) -> bool:
    """Count a wish for a link; False when there were too many from here. Too many for one address are not told."""
    return spend("customer-link-visitor", visitor, limit=PER_VISITOR, window=WINDOW)


def send_link(address: str) -> None:
    """Mail a link to an address that we know; do nothing for any other, and nothing more often than three times an hour."""
    address = address.strip().lower()
    point = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=address, customer__merged_into=None).first()
    if point is None or not spend("customer-link", address, limit=PER_ADDRESS, window=WINDOW):
        return
    _token, secret = OneTimeToken.issue(PURPOSE, lifetime=LINK, email=address, data={"customer": str(point.customer_id)})
    words = {"link": absolute(reverse("privacy-enter", args=(secret,))), "minutes": LINK.seconds // 60}
    send_mail(_("Your link to your data"), render_to_string("customers/public/link.txt", words), None, [address])


def enter(request: HttpRequest, secret: str) -> Customer | None:
    """Spend a link and begin the visit; None for one that opens nothing."""
    token = OneTimeToken.find(PURPOSE, secret)
    if token is None or not OneTimeToken.objects.filter(pk=token.pk, used_at=None).update(used_at=timezone.now()):
        return None
    found = Customer.objects.filter(pk=token.data.get("customer"), merged_into=None).first()
    if found is not None:
        request.session.cycle_key()
        request.session[KEY] = {"id": str(found.pk), "until": (timezone.now() + VISIT).timestamp()}
    return found


def who(request: HttpRequest) -> Customer | None:
    visit = request.session.get(KEY)
    if not visit or visit["until"] < timezone.now().timestamp():
        return None
    return Customer.objects.filter(pk=UUID(visit["id"]), merged_into=None).prefetch_related("contact_points").first()


def leave(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
