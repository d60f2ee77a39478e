"""The page for customers about their own data: what is remembered, correcting it, consent, export, erasure. Signed in by a mailed link."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import customer_session, erasure, exporting, memory, privacy, tasks
from customers.access_log import note_read
from customers.memory import Source
from customers.models import Customer, CustomerExport
from customers.privacy_views import act_of, correct, note_consent
from helpdesk.core import downloads
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.limits import client_address
from helpdesk.core.tasks import send_quietly


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Ask for a link (POST `email`), or see one's data."""
    visitor = customer_session.who(request)
    if visitor is None:
        return _door(request)
    if request.method != "POST":
        note_read(visitor, visitor.pk, "privacy page")
        return _show(request, visitor)
    try:
        return _do(request, visitor)
    except HelpdeskError as refused:
        return _show(request, visitor, refused.detail, refused.status)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Programs that look into mails only GET; the visit begins with a press of the button."""
    if request.method == "POST" and customer_session.enter(request, secret):
        return redirect("privacy")
    status = 404 if request.method == "POST" else 200
    return render(request, "customers/public/enter.html", {"gone": status == 404}, status=status)  # noqa: PLR2004


@never_cache
@login_not_required
@require_safe
def fetch(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    visitor = customer_session.who(request)
    run = visitor.exports.filter(pk=pk, state=CustomerExport.State.READY).first() if visitor else None
    if run is None:
        raise Http404
    return downloads.served(run.file, "my-data.zip")


@never_cache
@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    customer_session.leave(request)
    return redirect("privacy")


def _door(request: HttpRequest) -> HttpResponse:
    """The same answer for every address; what is known of it shows only in its mailbox."""
    asked, error, status = False, "", 200
    if request.method == "POST":
        address = request.POST.get("email", "").strip()[:320]
        try:
            validate_email(address)
        except ValidationError:
            error, status = _("Write an address such as name@example.com."), 400
        else:
            asked = customer_session.may_ask(client_address(request))
            if asked:
                send_quietly(tasks.send_customer_link, address)
            else:
                error, status = _("Too many tries from here. Try again in an hour."), 429
    return render(request, "customers/public/door.html", {"asked": asked, "error": error}, status=status)


def _do(request: HttpRequest, visitor: Customer) -> HttpResponse:
    """POST `do`: correct, consent, export or erase. Raises HelpdeskError."""
    form, wish = request.POST, request.POST.get("do", "")
    if wish == "correct":
        fact = visitor.facts.select_related("customer").filter(pk=_uuid(form.get("fact", "")), retired_at=None).first()
        if fact is None:
            raise Http404
        correct(fact, form.get("value", ""), form.get("since", ""), source=Source("customer", act_of(visitor)))
    elif wish == "consent":
        note_consent(visitor, form.getlist("purpose"), form.get("decision", ""), _("The customer, on the privacy page"), visitor)
    elif wish == "export":
        exporting.ask(visitor)
        transaction.on_commit(lambda: send_quietly(tasks.make_exports))
    elif wish == "erase" and form.get("sure"):
        if settings.ERASE_CUSTOMERS_AT_ONCE:
            erasure.erase(visitor.pk, asked_by="customer")
            customer_session.leave(request)
            return render(request, "customers/public/gone.html")
        erasure.wish(visitor)
    return redirect("privacy")


def _show(request: HttpRequest, visitor: Customer, error: str = "", status: int = 200) -> HttpResponse:
    context = {
        "visitor": visitor,
        "facts": list(memory.facts(visitor)),
        "leaves": privacy.leaves(visitor),
        "export": visitor.exports.first(),
        "wish": erasure.wish_of(visitor),
        "today": timezone.localdate(),
        "error": error,
    }
    return render(request, "customers/public/privacy.html", context, status=status)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
