"""The page for customers about their own data: what is remembered, correcting it, consent, export, erasure. Signed in by a mailed link."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from customers import customer_session, erasure, exporting, memory, privacy, privacy_requests, tasks
from customers.access_log import note_read
from customers.customer_session import Visit
from customers.memory import Source
from customers.models import Customer, CustomerExport, Erasure
from customers.privacy_views import act_of, correct, note_consent
from customers.visit_views import door
from helpdesk.core import downloads
from helpdesk.core.errors import HelpdeskError, NotAllowed
from helpdesk.core.tasks import send_quietly

FOR_GOOD = ("export", "erase")  # what is taken away or gone cannot be taken back


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Ask for a link (POST `email`), or see one's data."""
    visit = customer_session.visit_of(request)
    if visit is None or (request.method == "POST" and "email" in request.POST):
        return door(request, customer_session.PRIVACY)
    if visit.customer is None:
        return render(request, "customers/public/nothing.html", {"visit": visit})
    if request.method != "POST":
        note_read(visit.customer, visit.customer.pk, "privacy page")
        return _show(request, visit, visit.customer)
    try:
        return _do(request, visit, visit.customer)
    except HelpdeskError as refused:
        return _show(request, visit, visit.customer, refused.detail, refused.status)


@never_cache
@login_not_required
@require_safe
def fetch(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    visit = customer_session.visit_of(request)
    run = visit.customer.exports.filter(pk=pk, state=CustomerExport.State.READY).first() if visit and visit.customer else None
    if visit is None or visit.customer is None or run is None:
        raise Http404
    if not visit.is_fresh:
        return redirect("privacy")  # which says what it takes
    note_read(visit.customer, visit.customer.pk, "export fetched")
    return downloads.served(run.file, "my-data.zip")


@never_cache
@login_not_required
@require_safe
def erased(request: HttpRequest, mark: str) -> HttpResponse:
    """How far an erasure is, and that it is done. Its name is a hash of a random id: nobody else knows it, and it names nobody."""
    if Erasure.objects.filter(id_hash=mark).exists():
        return render(request, "customers/public/gone.html")
    if privacy_requests.ordered_as(mark) is None:
        raise Http404
    done, total = privacy_requests.progress(mark)
    return render(request, "customers/public/going.html", {"done": done, "total": total})


def _do(request: HttpRequest, visit: Visit, visitor: Customer) -> HttpResponse:
    """POST `do`: correct, consent, export or erase. Raises HelpdeskError."""
    form, wish = request.POST, request.POST.get("do", "")
    if wish in FOR_GOOD and not visit.is_fresh:
        raise NotAllowed(_("For this, follow a new link first: it is over an hour since you came in."))
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
            return _erase(request, visitor)
        erasure.wish(visitor)
    return redirect("privacy")


def _erase(request: HttpRequest, visitor: Customer) -> HttpResponse:
    """By the worker: after many years it takes minutes. Their visit ends here; how far it is they see by the receipt's name alone."""
    mark = privacy_requests.order_own(visitor)
    transaction.on_commit(lambda: send_quietly(tasks.erase_ordered))
    response = redirect("privacy-erased", mark)
    customer_session.leave(request, response)
    return response


def _show(request: HttpRequest, visit: Visit, visitor: Customer, error: str = "", status: int = 200) -> HttpResponse:
    context = {
        "visit": visit,
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
