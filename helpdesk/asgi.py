"""One ASGI application: pages and API over HTTP, the console and the contract's sockets over WebSocket."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django.setup(set_prefix=False)  # loads the apps: what is imported below needs models

from channels.routing import ProtocolTypeRouter  # noqa: E402

from helpdesk.bodies import LimitedBodies  # noqa: E402
from helpdesk.handling import Handler  # noqa: E402
from helpdesk.sockets import sockets  # noqa: E402

http = Handler()
application = ProtocolTypeRouter({"http": LimitedBodies(http), "websocket": sockets})
