"""Settings, webhooks: who is told of what happens, whether it arrives, and what was sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers.access_log import note_read
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User, Webhook, WebhookDelivery
from helpdesk.partners import feed
from helpdesk.partners.webhooks import announcing, managing

from .people import supervisors_only

SHOWN_ONCE = "webhook_secret"  # in the session, until it was shown
A_PAGE = 25


class WebhookForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150, help_text=gettext_lazy("Whose system it is"))
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=1000,
        help_text=gettext_lazy("It takes a POST with JSON, and answers within 10 seconds"),
        widget=forms.URLInput(attrs={"placeholder": "https://", "inputmode": "url"}),
    )
    kinds = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(kind, kind) for kind in feed.kinds()]  # type: ignore[attr-defined]

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The boxes by the first word of their kind."""
        grouped: dict[str, list[Any]] = {}
        for box in self["kinds"]:
            grouped.setdefault(str(box.data["value"]).partition(".")[0], []).append(box)
        return list(grouped.items())

    def chosen(self) -> int:
        return len(self["kinds"].value() or ())


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Every webhook with its state, and the form for one more."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            webhook, secret = managing.create(**form.cleaned_data, by=_me(request))
        except HelpdeskError as refused:
            form.add_error("url", refused.detail)
        else:
            _show_once(request, webhook, secret)
            return redirect("webhook", webhook.pk)
    context = {"form": form, "webhooks": Webhook.objects.visible_to(request.user).select_related("key", "created_by")}
    return render(request, "settings/webhooks.html", context, status=400 if form.errors else 200)


@supervisors_only
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """One webhook: its settings, a test, its log."""
    webhook = _found(request, webhook_id)
    form = WebhookForm(request.POST or None, initial={"name": webhook.name, "url": webhook.url, "kinds": webhook.kinds})
    if request.method == "POST" and form.is_valid() and _changed(request, webhook, form):
        return redirect("webhook", webhook.pk)
    state = request.GET.get("state", "")
    log = webhook.deliveries.defer("body").order_by("-created_at", "-pk")
    log = log.filter(state=state) if state in WebhookDelivery.State.values else log
    shown = request.session.get(SHOWN_ONCE, {})
    context = {
        "webhook": webhook,
        "form": form,
        "state": state,
        "states": WebhookDelivery.State.choices,
        "log": Paginator(log, A_PAGE).get_page(request.GET.get("page")),
        "waiting": webhook.deliveries.filter(WebhookDelivery.OPEN).count(),
        "secret": request.session.pop(SHOWN_ONCE)["secret"] if shown.get("webhook") == str(webhook.pk) else "",
    }
    return render(request, "settings/webhook.html", context, status=400 if form.errors else 200)


@supervisors_only
@require_safe
def delivery(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """What was sent, word for word, and what came back."""
    webhook = _found(request, webhook_id)
    found = get_object_or_404(webhook.deliveries, pk=delivery_id)
    if found.customer_ref:
        note_read(request.user, found.customer_ref, "webhook delivery", str(found.pk))
    return render(request, "settings/webhook_delivery.html", {"webhook": webhook, "delivery": found})


@require_POST
@supervisors_only
def replay(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """The same again."""
    again = announcing.replay(get_object_or_404(_found(request, webhook_id).deliveries, pk=delivery_id))
    messages.success(request, _("It is sent again. This is the new delivery."))
    return redirect("webhook-delivery", webhook_id, again.pk)


@require_POST
@supervisors_only
def test(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """A delivery that tells of nothing but itself."""
    sent = announcing.ping(_found(request, webhook_id), by=request.user)
    messages.success(request, _("A test is on its way."))
    return redirect("webhook-delivery", webhook_id, sent.pk)


@require_POST
@supervisors_only
def secret(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """A new secret; for a day the old one signs beside it."""
    webhook = _found(request, webhook_id)
    _show_once(request, webhook, managing.renew_secret(webhook, by=_me(request)))
    return redirect("webhook", webhook.pk)


@require_POST
@supervisors_only
def remove(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """With its log."""
    webhook = _found(request, webhook_id)
    managing.remove(webhook, by=_me(request))
    messages.success(request, _("%(name)s is removed.") % {"name": webhook})
    return redirect("webhooks")


def _changed(request: HttpRequest, webhook: Webhook, form: WebhookForm) -> bool:
    try:
        managing.change(webhook, **form.cleaned_data, is_active="is_active" in request.POST, by=_me(request))
    except HelpdeskError as refused:
        form.add_error("url", refused.detail)
        return False
    messages.success(request, _("Saved: %(name)s.") % {"name": webhook})
    return True


def _show_once(request: HttpRequest, webhook: Webhook, made: str) -> None:
    request.session[SHOWN_ONCE] = {"webhook": str(webhook.pk), "secret": made}


def _found(request: HttpRequest, webhook_id: UUID) -> Webhook:
    return get_object_or_404(Webhook.objects.visible_to(request.user), pk=webhook_id)


def _me(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
