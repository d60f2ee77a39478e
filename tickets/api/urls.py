from __future__ import annotations

from django.urls import path

from .attachments import AttachmentContent, AttachmentDetail
from .directory import AgentDetail, AgentList, QueueDetail, QueueList, TagList
from .inbound import Dealings, Inbound
from .macros import MacroDetail, MacroList
from .messages import EventList, MessageDetail, MessageList
from .satisfaction import Satisfaction
from .tickets import TicketDetail, TicketEscalation, TicketList, TicketMerging

urlpatterns = [
    path("tickets/", TicketList.as_view(), name="api-tickets"),
    path("tickets/<str:number>/", TicketDetail.as_view(), name="api-ticket"),
    path("tickets/<str:number>/messages/", MessageList.as_view(), name="api-messages"),
    path("tickets/<str:number>/messages/<uuid:pk>/", MessageDetail.as_view(), name="api-message"),
    path("tickets/<str:number>/merge/", TicketMerging.as_view(), name="api-merge"),
    path("tickets/<str:number>/escalate/", TicketEscalation.as_view(), name="api-escalate"),
    path("attachments/<uuid:pk>/", AttachmentDetail.as_view(), name="api-attachment"),
    path("attachments/<uuid:pk>/content/", AttachmentContent.as_view(), name="api-attachment-content"),
    path("queues/", QueueList.as_view(), name="api-queues"),
    path("queues/<slug:slug>/", QueueDetail.as_view(), name="api-queue"),
    path("agents/", AgentList.as_view(), name="api-agents"),
    path("agents/<uuid:pk>/", AgentDetail.as_view(), name="api-agent"),
    path("tags/", TagList.as_view(), name="api-tags"),
    path("tickets/<str:number>/events/", EventList.as_view(), name="api-ticket-events"),
    path("satisfaction/", Satisfaction.as_view(), name="api-satisfaction"),
    path("macros/", MacroList.as_view(), name="api-macros"),
    path("macros/<uuid:pk>/", MacroDetail.as_view(), name="api-macro"),
    path("inbound/<uuid:hook>/dealings/", Dealings.as_view(), name="api-inbound-dealings"),
    path("inbound/<uuid:hook>/", Inbound.as_view(), name="api-inbound"),
]
