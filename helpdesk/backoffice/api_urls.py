from __future__ import annotations

from django.urls import path

from .ai_api import Costs, Ledger
from .api import MetricsSummary, SatisfactionSummary
from .experiments_api import ExperimentDetail, ExperimentList

urlpatterns = [
    path("ai/costs/", Costs.as_view(), name="api-ai-costs"),
    path("ai/ledger/", Ledger.as_view(), name="api-ai-ledger"),
    path("experiments/", ExperimentList.as_view(), name="api-experiments"),
    path("experiments/<uuid:experiment_id>/", ExperimentDetail.as_view(), name="api-experiment"),
    path("metrics/summary/", MetricsSummary.as_view(), name="api-metrics"),
    path("satisfaction/summary/", SatisfactionSummary.as_view(), name="api-satisfaction-summary"),
]
