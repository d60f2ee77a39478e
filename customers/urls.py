from __future__ import annotations

from django.urls import path

from . import import_views, views

urlpatterns = [
    path("customers/import/", import_views.imports, name="customer-imports"),
    path("customers/import/<uuid:pk>/", import_views.one_import, name="customer-import"),
    path("customers/import/<uuid:pk>/go/", import_views.go_on, name="customer-import-go"),
    path("customers/<uuid:pk>/card/", views.card, name="customer-card"),
    path("customers/<uuid:pk>/crm/", views.crm, name="customer-crm"),
]
