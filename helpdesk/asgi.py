"""One ASGI application: pages and API over HTTP, the console and the contract's sockets over WebSocket."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
http = get_asgi_application()  # loads the apps: the socket routes below import models

from channels.routing import ProtocolTypeRouter  # noqa: E402

from helpdesk.bodies import LimitedBodies  # noqa: E402
from helpdesk.sockets import sockets  # noqa: E402

application = ProtocolTypeRouter({"http": LimitedBodies(http), "websocket": sockets})
