from __future__ import annotations

from django.urls import path

from .customers import CustomerDetail, CustomerList, OrganizationDetail, OrganizationList
from .memory import Consents, Infuse, Observe, Recall

urlpatterns = [
    path("customers/", CustomerList.as_view(), name="api-customers"),
    path("customers/<str:reference>/", CustomerDetail.as_view(), name="api-customer"),
    path("organizations/", OrganizationList.as_view(), name="api-organizations"),
    path("organizations/<uuid:pk>/", OrganizationDetail.as_view(), name="api-organization"),
    path("memory/observe/", Observe.as_view(), name="api-memory-observe"),
    path("memory/consents/", Consents.as_view(), name="api-memory-consents"),
    path("memory/recall/", Recall.as_view(), name="api-memory-recall"),
    path("memory/infuse/", Infuse.as_view(), name="api-memory-infuse"),
]
