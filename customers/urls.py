from __future__ import annotations

from django.urls import path

from . import export_views, import_views, privacy_views, public_views, request_views, views, visit_views

urlpatterns = [
    path("help/privacy/", public_views.page, name="privacy"),
    path("help/visit/end/", visit_views.leave, name="customer-leave"),
    path("help/visit/<str:secret>/", visit_views.enter, name="customer-enter"),
    path("help/privacy/in/<str:secret>/", visit_views.enter),  # links in older mails
    path("help/requests/open/<str:secret>/", visit_views.enter),
    path("help/privacy/erased/<str:mark>/", public_views.erased, name="privacy-erased"),
    path("help/privacy/export/<uuid:pk>/", public_views.fetch, name="privacy-export"),
    path("customers/import/", import_views.imports, name="customer-imports"),
    path("customers/import/<uuid:pk>/", import_views.one_import, name="customer-import"),
    path("customers/import/<uuid:pk>/go/", import_views.go_on, name="customer-import-go"),
    path("customers/<uuid:pk>/card/", views.card, name="customer-card"),
    path("customers/<uuid:pk>/crm/", views.crm, name="customer-crm"),
    path("customers/<uuid:pk>/facts/", privacy_views.add_fact, name="customer-fact-add"),
    path("customers/<uuid:pk>/facts/<uuid:fact_id>/", privacy_views.fact, name="customer-fact"),
    path("customers/<uuid:pk>/facts/<uuid:fact_id>/confirm/", privacy_views.confirm_fact, name="customer-fact-confirm"),
    path("customers/<uuid:pk>/facts/<uuid:fact_id>/end/", privacy_views.end_fact, name="customer-fact-end"),
    path("customers/<uuid:pk>/consent/", privacy_views.consents, name="customer-consent"),
    path("customers/<uuid:pk>/access/", privacy_views.who_looked, name="customer-access"),
    path("customers/requests/", request_views.index, name="privacy-requests"),
    path("customers/<uuid:pk>/erase/", request_views.erase, name="customer-erase"),
    path("customers/<uuid:pk>/erase/preview/", request_views.preview, name="customer-erase-preview"),
    path("customers/erasures/<str:mark>/", request_views.erased, name="customer-erasure"),
    path("customers/erasures/<str:mark>/receipt.json", request_views.receipt_file, name="customer-erasure-file"),
    path("customers/<uuid:pk>/export/", export_views.ask, name="customer-export-ask"),
    path("customers/exports/<uuid:pk>/", export_views.export, name="customer-export"),
    path("customers/exports/<uuid:pk>/file/", export_views.fetch, name="customer-export-file"),
]
