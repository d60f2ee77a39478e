from __future__ import annotations

from django.urls import path

from .call_records import CallDetail, CallList
from .socket_tickets import SocketTickets
from .summaries import TicketSummaries
from .triage import Triage

urlpatterns = [
    path("triage/", Triage.as_view(), name="api-triage"),
    path("tickets/<str:number>/summary/", TicketSummaries.as_view(), name="api-summary"),
    path("calls/", CallList.as_view(), name="api-calls"),
    path("calls/<uuid:session_id>/", CallDetail.as_view(), name="api-call"),
    path("socket-tickets/", SocketTickets.as_view(), name="api-socket-tickets"),
]
