"""Every WebSocket path, behind the session and an Origin check (scheme, host and port: security T29)."""

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path

from assist.chat_consumer import ChatConsumer
from assist.consumers import CallConsumer
from helpdesk.core.realtime import SameOriginOnly
from tickets.consumers import ConsoleConsumer

_call, _chat = CallConsumer.as_asgi(), ChatConsumer.as_asgi()
sockets = SameOriginOnly(
    AuthMiddlewareStack(
        URLRouter(
            [
                path("ws/", ConsoleConsumer.as_asgi()),
                path("api/realtime/ws/<uuid:session_id>", _call),
                path("api/realtime/ws/<uuid:session_id>/", _call),
                path("ws/chat/<str:user_id>", _chat),
                path("ws/chat/<str:user_id>/", _chat),
            ]
        )
    )
)
