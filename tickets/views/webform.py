"""The page with the contact form, and its confirmation."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk.core.limits import client_address
from knowledge import search_log
from knowledge.suggesting import suggest
from tickets import intake
from tickets.channels.webform import LONGEST_SUBJECT, ContactForm, TooManyRequests, check_allowance, translate

ANSWERS = 3  # articles shown before a request is sent
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
    if answer := _answered_first(request, form):
        return answer
    if form.is_trapped:
        return redirect("contact-sent", reference=_sign(""))  # a program learns nothing
    try:
        check_allowance(visitor=client_address(request), address=form.cleaned_data["email"])
    except TooManyRequests as refused:
        form.add_error(None, refused.detail)
        return _show(request, form, status=refused.status)
    message = intake.receive(translate(form))
    return redirect("contact-sent", reference=_sign(message.ticket.number))


def _answered_first(request: HttpRequest, form: ContactForm) -> HttpResponse | None:
    """Once, and only where an article is likely to answer it: show that before anything is sent. A form with files goes straight on."""
    then, seen = request.POST.get("then", ""), request.POST.get("seen", "")
    if then == "solved":
        _solved(seen)
        return render(request, "tickets/public/solved.html")
    if then or form.is_trapped or request.FILES:
        return None
    question = f"{form.cleaned_data['subject']}. {form.cleaned_data['body']}"
    looked = suggest(question, most=ANSWERS)
    if looked.answer is None:
        return None
    noted = search_log.note(
        form.cleaned_data["subject"], language="en", place="contact", results=len(looked.hits), confidence=looked.found.confidence
    )
    return render(request, "tickets/public/answers.html", {"form": form, "hits": looked.hits, "seen": noted or ""})


def _solved(seen: str) -> None:
    try:
        search_log.deflected(UUID(seen))
    except ValueError:  # nothing was noted, or the page was made up
        return


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
