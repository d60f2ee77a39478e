from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [path("customers/<uuid:pk>/card/", views.card, name="customer-card")]
