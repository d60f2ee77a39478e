"""Settings, chat on websites: which sites carry it, the line to put into them, and the secret with which they vouch for their users."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from assist.models import WidgetSite

from .people import supervisors_only
from .widget_forms import SiteForm

SHOWN_ONCE = "widget_secret"  # in the session, until it was shown


class NewSiteForm(forms.ModelForm[WidgetSite]):
    class Meta:
        model = WidgetSite
        fields = ("name",)
        help_texts = {"name": gettext_lazy("Visitors read it at the top of the chat.")}


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Every site with its state, and the form for one more."""
    form = NewSiteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("widget-site", form.save().pk)
    context = {"sites": WidgetSite.objects.visible_to(request.user).select_related("queue"), "form": form}
    return render(request, "settings/widgets.html", context, status=400 if form.errors else 200)


@supervisors_only
@require_http_methods(["GET", "POST"])
def site(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """One site: its line, its looks, its people, its secret."""
    row = _one(request, site_id)
    form = SiteForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved: %(name)s.") % {"name": row})
        return redirect("widget-site", row.pk)
    if form.errors:
        row.refresh_from_db()
    snippet = f'<script src="{settings.SITE_URL}/widget.js" data-site="{row.key}" data-colour="{row.colour}" async></script>'
    secret = request.session.pop(f"{SHOWN_ONCE}:{row.pk}", "")
    context = {"site": row, "form": form, "snippet": snippet, "secret": secret}
    return render(request, "settings/widget.html", context, status=400 if form.errors else 200)


@require_POST
@supervisors_only
def renew(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """A new secret; what the old one signed opens nothing from now on."""
    row = _one(request, site_id)
    request.session[f"{SHOWN_ONCE}:{row.pk}"] = row.renew_secret()
    return redirect("widget-site", row.pk)


@require_POST
@supervisors_only
def remove(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """The site has no chat any more, and its visitors' windows close. What was said stays."""
    row = _one(request, site_id)
    row.delete()
    messages.success(request, _("%(name)s has no chat any more.") % {"name": row})
    return redirect("widget-sites")


def _one(request: HttpRequest, site_id: UUID) -> WidgetSite:
    return get_object_or_404(WidgetSite.objects.visible_to(request.user), pk=site_id)
