"""A customer's request by signed link: where it stands, what was said, and a reply."""

from __future__ import annotations

from uuid import uuid4

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from helpdesk.core.limits import client_address
from tickets import intake, rating, tracking
from tickets.channels.base import InboundMessage, Sender
from tickets.channels.charsets import clean_text
from tickets.channels.webform import LONGEST_BODY, TooManyRequests, check_allowance, once_id
from tickets.models import Rating, Ticket


class ReplyForm(forms.Form):
    body = forms.CharField(label=gettext_lazy("Reply"), max_length=LONGEST_BODY, widget=forms.Textarea(attrs={"rows": 4}))
    form_id = forms.UUIDField(required=False, widget=forms.HiddenInput)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def request_page(request: HttpRequest, secret: str) -> HttpResponse:
    """One page for every link: a link that opens nothing is simply not there."""
    opened = tracking.opened_by(secret)
    if opened is None:
        raise Http404
    ticket, address = opened
    form = ReplyForm(request.POST or None, initial={"form_id": uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            check_allowance(visitor=client_address(request), address=address)
        except TooManyRequests as refused:
            form.add_error("body", refused.detail)
        else:
            answered = intake.receive(_reply(ticket, address, form)).ticket
            if answered == ticket:
                return redirect("request", secret=secret)
            return redirect(tracking.link_for(answered, address))  # a closed request goes on in a new one
    context = {"ticket": ticket, "messages_shown": tracking.shown(ticket), "steps": _steps(ticket), "form": form, "secret": secret}
    if ticket.status in Ticket.DONE and rating.is_theirs(ticket, address):
        given = Rating.objects.filter(ticket=ticket).first()
        context |= {"rate_token": rating.token_for(ticket), "faces": rating.FACES, "given": given, "changeable": rating.changeable(given)}
    return render(request, "tickets/public/request.html", context, status=400 if form.errors else 200)


def _reply(ticket: Ticket, address: str, form: ReplyForm) -> InboundMessage:
    body = clean_text(form.cleaned_data["body"])
    return InboundMessage(
        channel=Ticket.Channel.WEB_FORM,
        sender=Sender(email=address),
        subject=ticket.subject,
        body_text=body,
        external_id=once_id(form.cleaned_data["form_id"], ticket.number, body),
        metadata={"ticket_number": ticket.number},  # the link has proven it
        verified="pass",
    )


def _steps(ticket: Ticket) -> list[dict[str, str]]:
    """Received, someone is on it, your turn, solved: `done`, `now` or nothing yet."""
    solved = ticket.status in (Ticket.Status.RESOLVED, Ticket.Status.CLOSED)
    yours = ticket.status == Ticket.Status.PENDING
    taken = ticket.assignee is not None or ticket.first_response_at is not None
    who = _("%(name)s is on it") % {"name": ticket.assignee.first_name} if ticket.assignee else _("We are on it")
    return [
        {"state": "done", "label": _("Received")},
        {"state": "done" if taken and (yours or solved) else "now" if not (yours or solved) else "done", "label": who},
        {"state": "now" if yours else "done" if solved else "", "label": _("Your turn")},
        {"state": "done" if solved else "", "label": _("Solved")},
    ]
