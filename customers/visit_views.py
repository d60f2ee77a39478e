"""The customers' way in and out: ask for a link, follow it, leave. One for their requests and their data."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from customers import customer_session, tasks
from helpdesk.core.limits import client_address
from helpdesk.core.tasks import send_quietly


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Your email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=gettext_lazy("We send a link to it."),
    )


def door(request: HttpRequest, to: str) -> HttpResponse:
    """Ask for a link that leads to the page `to`: POST `email`. The same answer for every address; what we know shows in its mailbox."""
    form, status, asked = AddressForm(request.POST or None), 200, ""
    if request.method == "POST":
        if not form.is_valid():
            status = 400
        elif customer_session.may_ask(client_address(request)):
            asked = form.cleaned_data["email"]
            send_quietly(tasks.send_customer_link, asked, to)
        else:
            form.add_error("email", _("Too many tries from here. Try again in an hour."))
            status = 429
    return render(request, "customers/public/door.html", {"asked": asked, "form": form, "to": to}, status=status)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Programs that look into mails only GET; the visit begins with a press of the button."""
    if request.method != "POST":
        return render(request, "customers/public/enter.html")
    entered = customer_session.enter(secret)
    if entered is None:
        return render(request, "customers/public/enter.html", {"gone": True}, status=404)
    visit, to = entered
    response = redirect(to)
    customer_session.let_in(response, visit)
    return response


@never_cache
@login_not_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere this visit was taken to."""
    response = redirect("/help/")
    customer_session.leave(request, response)
    return response
