"""`/api/v1/`: every app's endpoints."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("customers.api.urls")),
    path("", include("knowledge.api.urls")),
    path("", include("tickets.api.urls")),
    path("", include("assist.api.urls")),
    path("", include("helpdesk.backoffice.api_urls")),
    path("", include("helpdesk.partners.api.urls")),
]
