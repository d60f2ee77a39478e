from __future__ import annotations

from django.urls import path

from . import events, webhooks

urlpatterns = [
    path("events/", events.Feed.as_view(), name="api-events"),
    path("webhooks/", webhooks.WebhookList.as_view(), name="api-webhooks"),
    path("webhooks/<uuid:pk>/", webhooks.WebhookDetail.as_view(), name="api-webhook"),
    path("webhooks/<uuid:pk>/secret/", webhooks.WebhookSecret.as_view(), name="api-webhook-secret"),
    path("webhooks/<uuid:pk>/test/", webhooks.WebhookTest.as_view(), name="api-webhook-test"),
    path("webhooks/<uuid:pk>/deliveries/", webhooks.DeliveryList.as_view(), name="api-deliveries"),
    path("webhooks/<uuid:pk>/deliveries/<uuid:delivery>/", webhooks.DeliveryDetail.as_view(), name="api-delivery"),
    path("webhooks/<uuid:pk>/deliveries/<uuid:delivery>/replay/", webhooks.DeliveryReplay.as_view(), name="api-delivery-replay"),
]
