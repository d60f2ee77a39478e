from django.urls import path

from helpdesk.core import health

urlpatterns = [path("health", health.view, name="health"), path("health/live", health.live, name="health-live")]
