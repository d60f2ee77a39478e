"""Settings, API keys: what partners' systems open our API with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.core import keys
from helpdesk.core.models import ApiKey, User
from helpdesk.core.models.access import ALL_SCOPES, RESOURCES, SCOPES
from tickets.models import Queue

from .people import supervisors_only

SHOWN_ONCE = "api_key"  # in the session, until it was shown
LIVES = ((30, gettext_lazy("30 days")), (90, gettext_lazy("90 days")), (365, gettext_lazy("A year")), (0, gettext_lazy("Never")))
MOST_A_MINUTE = 1_000_000


class KeyForm(forms.Form):
    """What a key is called and opens. A resource's rights: nothing, read, or read and write."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=150, help_text=gettext_lazy("Whose system it is"))
    per_minute = forms.IntegerField(
        label=gettext_lazy("Requests a minute"),
        required=False,
        min_value=1,
        max_value=MOST_A_MINUTE,
        help_text=gettext_lazy("Empty: 12,000"),
    )
    everything = forms.BooleanField(label=gettext_lazy("Everything, now and later"), required=False)
    queues = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Only these teams"), queryset=Queue.objects.all(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, scopes: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = scopes or []
        self.fields["everything"].initial = ALL_SCOPES in held
        rights = [("", _("Nothing")), ("read", _("Read")), ("write", _("Write")), ("both", _("Read and write"))]
        for resource in RESOURCES:
            verbs = [verb for verb in ("read", "write") if f"{resource}:{verb}" in held]
            initial = "both" if len(verbs) == len(rights[1:3]) else "".join(verbs)
            self.fields[f"scope_{resource}"] = forms.ChoiceField(label=resource, choices=rights, required=False, initial=initial)

    def resources(self) -> list[forms.BoundField]:
        return [self[f"scope_{resource}"] for resource in RESOURCES]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["scopes"] = [ALL_SCOPES] if data.get("everything") else self._chosen(data)
        if not data["scopes"]:
            raise forms.ValidationError(_("Choose what the key opens."))
        data["queues"] = [queue.pk for queue in data.get("queues") or ()]
        if not self._opens_anything(data):
            raise forms.ValidationError(_("Chat, memory, metrics and ai belong to no team: a key of some teams opens none of them."))
        return data

    @staticmethod
    def _opens_anything(data: dict[str, Any]) -> bool:
        return any(ApiKey(scopes=data["scopes"], queues=data["queues"]).allows(scope) for scope in SCOPES if scope != ALL_SCOPES)

    @staticmethod
    def _chosen(data: dict[str, Any]) -> list[str]:
        verbs = {"read": ("read",), "write": ("write",), "both": ("read", "write")}
        return [f"{resource}:{verb}" for resource in RESOURCES for verb in verbs.get(data.get(f"scope_{resource}", ""), ())]


class NewKeyForm(KeyForm):
    days = forms.TypedChoiceField(label=gettext_lazy("Expires after"), choices=LIVES, coerce=int, initial=365)


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Every key that was ever made, the living first, and the form for one more."""
    form = NewKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        given = {name: data[name] for name in ("name", "scopes", "days", "per_minute", "queues")}
        key, secret = keys.issue(**given, by=_keeper(request))
        request.session[SHOWN_ONCE] = {"key": str(key.pk), "secret": secret}
        return redirect("api-key", key.pk)
    live = list(ApiKey.objects.live().select_related("created_by").order_by("name", "created_at"))
    teams = _teams(live)
    context = {
        "form": form,
        "keys": [(key, teams[key.pk]) for key in live],
        "dead": ApiKey.objects.exclude(pk__in=ApiKey.objects.live().values("pk")).order_by("-created_at")[:50],
        "may_keep": keys.may_keep(request.user),
    }
    return render(request, "settings/keys.html", context, status=400 if form.errors else 200)


@supervisors_only
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """One key: what it opens, when it was used, its end."""
    key = _found(key_id)
    given = {"name": key.name, "per_minute": key.rate_limit_per_minute, "queues": key.queues}
    form = KeyForm(request.POST or None, initial=given, scopes=key.scopes)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        keys.change(key, **{name: data[name] for name in ("name", "scopes", "per_minute", "queues")}, by=_keeper(request))
        messages.success(request, _("Saved: %(name)s.") % {"name": key})
        return redirect("api-key", key.pk)
    shown = request.session.get(SHOWN_ONCE, {})
    context = {
        "key": key,
        "form": form,
        "live": ApiKey.objects.live().filter(pk=key.pk).exists(),
        "secret": request.session.pop(SHOWN_ONCE)["secret"] if shown.get("key") == str(key.pk) else "",
        "lives": LIVES,
        "webhooks": key.webhooks.aggregate(n=Count("pk"))["n"],
        "teams": _teams([key])[key.pk],
        "may_keep": keys.may_keep(request.user),
    }
    return render(request, "settings/key.html", context, status=400 if form.errors else 200)


@require_POST
@supervisors_only
def renew(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """A new secret; the old one opens for another day."""
    key, given = _found(key_id), request.POST.get("days", "365")
    days = int(given) if given in {str(days) for days, _label in LIVES} else 365
    request.session[SHOWN_ONCE] = {"key": str(key.pk), "secret": keys.renew(key, days=days, by=_keeper(request))}
    return redirect("api-key", key.pk)


@require_POST
@supervisors_only
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    key = _found(key_id)
    keys.revoke(key, by=_keeper(request))
    messages.success(request, _("%(name)s opens nothing any more.") % {"name": key})
    return redirect("api-keys")


def _teams(of: Iterable[ApiKey]) -> dict[UUID, str]:
    """By key, the names of the teams that it is limited to; "" for one without a limit. One that is gone is named as such."""
    names = dict(Queue.objects.values_list("pk", "name"))
    return {key.pk: ", ".join(names.get(queue, _("a team that is gone")) for queue in key.queues) for key in of}


def _found(key_id: UUID) -> ApiKey:
    return get_object_or_404(ApiKey, pk=key_id)


def _keeper(request: HttpRequest) -> User:
    """Raises PermissionDenied for supervisors: they may look."""
    if not keys.may_keep(request.user):
        raise PermissionDenied
    return request.user  # type: ignore[return-value]
