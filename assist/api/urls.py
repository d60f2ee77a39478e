from __future__ import annotations

from django.urls import path

from .socket_tickets import SocketTickets
from .triage import Triage

urlpatterns = [
    path("triage/", Triage.as_view(), name="api-triage"),
    path("socket-tickets/", SocketTickets.as_view(), name="api-socket-tickets"),
]
