from __future__ import annotations

from django.urls import path

from .memory import Consents, Infuse, Observe, Recall

urlpatterns = [
    path("memory/observe/", Observe.as_view(), name="api-memory-observe"),
    path("memory/consents/", Consents.as_view(), name="api-memory-consents"),
    path("memory/recall/", Recall.as_view(), name="api-memory-recall"),
    path("memory/infuse/", Infuse.as_view(), name="api-memory-infuse"),
]
