"""A customer's own requests: a link by e-mail opens them for a week, in the browser where it was followed.

may_ask(address, visitor=…)    # within the caps?
mail_link(address)             # in the worker: a link, when we know the address
open_by(secret)                # the address behind a link, once
requests_of(address)           # what that mailbox takes part in
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.identity import normal_email
from helpdesk.core.accounts.links import absolute
from helpdesk.core.limits import spend
from helpdesk.core.models import OneTimeToken
from tickets.models import Ticket

COOKIE = "my-requests"
SALT = "tickets.requests"
LINK_LASTS, VISIT_LASTS = timedelta(hours=1), timedelta(days=7)
PER_ADDRESS, PER_VISITOR, WINDOW = 3, 20, timedelta(hours=1)
REQUESTS = OneTimeToken.Purpose.REQUESTS
SHOWN = 100


def may_ask(address: str, *, visitor: str) -> bool:
    """Count one question for a link, of this visitor and for this address; whether it is within the hour's caps."""
    return spend("requests-visitor", visitor, limit=PER_VISITOR, window=WINDOW) and spend(
        "requests-address", normal_email(address), limit=PER_ADDRESS, window=WINDOW
    )


def mail_link(address: str) -> bool:
    """What the worker does, so that known and unknown addresses take the same time on the page; whether a mail went out."""
    address = normal_email(address)
    if not settings.EMAIL_URL or not requests_of(address).exists():
        return False
    _token, secret = OneTimeToken.issue(REQUESTS, lifetime=LINK_LASTS, email=address)
    link = absolute(reverse("requests-open", args=(secret,)))
    text = render_to_string("tickets/public/requests_mail.txt", {"link": link, "product": settings.PRODUCT_NAME})
    EmailMessage(_("Your requests at %(product)s") % {"product": settings.PRODUCT_NAME}, text, to=[address]).send()
    return True


def open_by(secret: str) -> str:
    """The address behind a link that was not used yet; "" for every other string."""
    token = OneTimeToken.find(REQUESTS, secret)
    if token is None:
        return ""
    used = OneTimeToken.objects.filter(pk=token.pk, used_at=None).update(used_at=timezone.now())
    return token.email if used else ""


def let_in(response: HttpResponse, address: str) -> None:
    """Remember this browser for a week: a signed cookie that only the help centre is sent."""
    response.set_signed_cookie(
        COOKIE, address, salt=SALT, max_age=VISIT_LASTS, path="/help/", secure=not settings.ON_LOOPBACK, httponly=True, samesite="Lax"
    )


def visitor_address(request: HttpRequest) -> str:
    """Whose requests this browser may see; "" for nobody's."""
    return str(request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=VISIT_LASTS) or "")


def requests_of(address: str) -> QuerySet[Ticket]:
    """Tickets of the customer with this address, and those that it takes part in, the latest first."""
    mine = Q(customer__contact_points__kind="email", customer__contact_points__value=address)
    theirs = Q(participants__address__iexact=address, participants__removed_at=None)
    ids = Ticket.objects.filter(mine | theirs).values("pk")
    removed = Ticket.objects.filter(participants__address__iexact=address, participants__removed_at__isnull=False).values("pk")
    return Ticket.objects.filter(pk__in=ids).exclude(pk__in=removed).select_related("assignee").order_by("-updated_at")
