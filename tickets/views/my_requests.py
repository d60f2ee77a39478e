"""Pages of a customer's own requests: ask for the link, follow it, look through them."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.core.limits import client_address
from helpdesk.core.tasks import send_quietly
from tickets import requests, tasks, tracking


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=_("Your email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("We send a link to it."),
    )


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_requests(request: HttpRequest) -> HttpResponse:
    """The list for a browser that followed its link; the form for every other one. The form's answer is always the same."""
    address = requests.visitor_address(request)
    if address and request.method != "POST":
        rows = list(requests.requests_of(address)[: requests.SHOWN])
        return render(request, "tickets/public/requests.html", {"address": address, "rows": rows})
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if requests.may_ask(form.cleaned_data["email"], visitor=client_address(request)):
            send_quietly(tasks.mail_requests_link, form.cleaned_data["email"])
        return render(request, "tickets/public/requests_asked.html", {"address": form.cleaned_data["email"]})
    return render(request, "tickets/public/requests_ask.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, secret: str) -> HttpResponse:
    """A mailed link. A press opens it, so that a mail scanner's look does not use it up."""
    if request.method != "POST":
        return render(request, "tickets/public/requests_open.html", {"secret": secret})
    address = requests.open_by(secret)
    if not address:
        raise Http404
    response = redirect("my-requests")
    requests.let_in(response, address)
    return response


@never_cache
@login_not_required
@require_safe
def one_request(request: HttpRequest, number: str) -> HttpResponse:
    """Goes to the request's own page, by a link of its own. What is not theirs is not there."""
    address = requests.visitor_address(request)
    ticket = requests.requests_of(address).filter(number=number.upper()).first() if address else None
    if ticket is None:
        raise Http404
    return redirect(tracking.link_for(ticket, address))


@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """This browser is a stranger again."""
    response = redirect("my-requests")
    response.delete_cookie(requests.COOKIE, path="/help/")
    return response
