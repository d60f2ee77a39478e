"""The page with the contact form, and its confirmation."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.core.limits import client_address
from tickets import intake
from tickets.channels.webform import LONGEST_SUBJECT, ContactForm, TooManyRequests, check_allowance, translate

SENT_SALT = "tickets.webform.sent"
SENT_LIFETIME = 3600  # seconds that the confirmation page can be reloaded


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """Show the form, or take it in and go to the confirmation."""
    if request.method != "POST":
        about = request.GET.get("about", "").replace("\x00", "")[:LONGEST_SUBJECT]
        return _show(request, ContactForm(initial={"form_id": uuid4(), "subject": about, "article": request.GET.get("article", "")[:160]}))
    form = ContactForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, form, status=400)
    if form.is_trapped:
        return redirect("contact-sent", reference=_sign(""))  # a program learns nothing
    try:
        check_allowance(visitor=client_address(request), address=form.cleaned_data["email"])
    except TooManyRequests as refused:
        form.add_error(None, refused.detail)
        return _show(request, form, status=refused.status)
    message = intake.receive(translate(form))
    return redirect("contact-sent", reference=_sign(message.ticket.number))


@never_cache
@login_not_required
@require_safe
def sent(request: HttpRequest, reference: str) -> HttpResponse:
    """Says that the request arrived, with its number. The signed address shows nothing else of the ticket."""
    try:
        number = signing.loads(reference, salt=SENT_SALT, max_age=SENT_LIFETIME)
    except signing.BadSignature as wrong:
        raise Http404 from wrong
    return render(request, "tickets/public/sent.html", {"number": number})


def _sign(number: str) -> str:
    return signing.dumps(number, salt=SENT_SALT)


def _show(request: HttpRequest, form: ContactForm, status: int = 200) -> HttpResponse:
    return render(request, "tickets/public/contact.html", {"form": form}, status=status)
