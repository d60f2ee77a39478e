from __future__ import annotations

from django.urls import path

from .api import MetricsSummary, SatisfactionSummary

urlpatterns = [
    path("metrics/summary/", MetricsSummary.as_view(), name="api-metrics"),
    path("satisfaction/summary/", SatisfactionSummary.as_view(), name="api-satisfaction-summary"),
]
