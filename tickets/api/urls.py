from __future__ import annotations

from django.urls import path

from .inbound import Inbound
from .messages import EventList, MessageList
from .satisfaction import Satisfaction
from .tickets import TicketDetail, TicketList

urlpatterns = [
    path("tickets/", TicketList.as_view(), name="api-tickets"),
    path("tickets/<str:number>/", TicketDetail.as_view(), name="api-ticket"),
    path("tickets/<str:number>/messages/", MessageList.as_view(), name="api-messages"),
    path("tickets/<str:number>/events/", EventList.as_view(), name="api-ticket-events"),
    path("satisfaction/", Satisfaction.as_view(), name="api-satisfaction"),
    path("inbound/<uuid:hook>/", Inbound.as_view(), name="api-inbound"),
]
