from __future__ import annotations

from django.urls import path

from .actions import ActionApproval, ActionDetail, ActionDismissal, ActionList, ActionUndoing
from .call_records import CallDetail, CallList
from .socket_tickets import SocketTickets
from .summaries import TicketSummaries
from .triage import Triage

urlpatterns = [
    path("triage/", Triage.as_view(), name="api-triage"),
    path("tickets/<str:number>/summary/", TicketSummaries.as_view(), name="api-summary"),
    path("tickets/<str:number>/actions/", ActionList.as_view(), name="api-actions"),
    path("tickets/<str:number>/actions/<int:action>/", ActionDetail.as_view(), name="api-action"),
    path("tickets/<str:number>/actions/<int:action>/approve/", ActionApproval.as_view(), name="api-action-approve"),
    path("tickets/<str:number>/actions/<int:action>/dismiss/", ActionDismissal.as_view(), name="api-action-dismiss"),
    path("tickets/<str:number>/actions/<int:action>/undo/", ActionUndoing.as_view(), name="api-action-undo"),
    path("calls/", CallList.as_view(), name="api-calls"),
    path("calls/<uuid:session_id>/", CallDetail.as_view(), name="api-call"),
    path("socket-tickets/", SocketTickets.as_view(), name="api-socket-tickets"),
]
