"""Every WebSocket path, behind the session and an Origin check (scheme, host and port: security T29)."""

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path

from helpdesk.core.realtime import SameOriginOnly
from tickets.consumers import ConsoleConsumer

sockets = SameOriginOnly(AuthMiddlewareStack(URLRouter([path("ws/", ConsoleConsumer.as_asgi())])))
