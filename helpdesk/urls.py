"""Every path of the product."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from helpdesk.core.api.documentation import RedocPage, SwaggerPage

urlpatterns = [
    path("api/realtime/", include("assist.api.calls_urls")),  # first: every sentence of every call asks for it
    path("api/v1/", include("helpdesk.api_urls")),
    path("", RedirectView.as_view(pattern_name="inbox"), name="home"),
    path("admin/", admin.site.urls),
    path("", include("helpdesk.core.accounts.urls")),
    path("", include("helpdesk.core.urls")),
    path("", include("helpdesk.backoffice.urls")),
    path("", include("customers.urls")),
    path("", include("knowledge.urls")),
    path("", include("tickets.urls")),
    path("", include("assist.urls")),
    path("api/", include("assist.api.chat_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SwaggerPage.as_view(url_name="schema"), name="docs"),
    path("redoc", RedocPage.as_view(url_name="schema"), name="redoc"),
]

handler400 = "helpdesk.core.pages.bad_request"
handler403 = "helpdesk.core.pages.forbidden"
handler404 = "helpdesk.core.pages.not_found"
handler500 = "helpdesk.core.pages.server_error"
