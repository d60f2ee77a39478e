"""What the ticket app serves; what customers reach without signing in stands in public_urls.py."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("tickets.public_urls"))]
