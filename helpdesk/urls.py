"""Every path of the product. `route` makes a path answer with and without its trailing slash, without a redirect."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox"), name="home"),
    path("admin/", admin.site.urls),
    path("", include("helpdesk.core.accounts.urls")),
    path("", include("helpdesk.core.urls")),
    path("", include("helpdesk.backoffice.urls")),
    path("", include("knowledge.urls")),
    path("", include("tickets.urls")),
    path("", include("assist.urls")),
    path("api/v1/", include("helpdesk.api_urls")),
]
