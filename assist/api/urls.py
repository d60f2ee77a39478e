from __future__ import annotations

from django.urls import path

from .triage import Triage

urlpatterns = [path("triage/", Triage.as_view(), name="api-triage")]
