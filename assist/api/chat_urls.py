"""`/api/`: the chat assistant's paths of the contract."""

from __future__ import annotations

from django.urls import path

from .chat import Feedback, History, Say, Tickets

urlpatterns = [
    path("chat/", Say.as_view(), name="chat-say"),
    path("users/<str:user>/tickets/", Tickets.as_view(), name="chat-user-tickets"),
    path("users/<str:user>/history/", History.as_view(), name="chat-history"),
    path("feedback/", Feedback.as_view(), name="chat-feedback"),
]
