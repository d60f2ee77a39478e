"""Genesys Cloud's notification channel: a socket that we open, so that nothing needs to reach us from outside.

A queue's topic says which conversations there are; for each of them the topic of its transcript is asked for. A channel lives
for 24 hours, holds 1,000 topics and beats every 30 s (developer.genesys.cloud, "Use the notification service"). What was said while
no channel was open does not come again; how a call ended meanwhile is asked for.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_websocket

from helpdesk.core import http

from .base import Account, Ended, Incoming, Line, LineDown, json_of, text_of
from .genesys import CALLS, happenings_of
from .genesys_api import Api

LIFE = 23 * 3600.0  # seconds; the channel's own end comes after 24 hours
SILENCE = 45.0  # seconds without a heartbeat, after which we ask
PATIENCE = 15.0  # seconds for the answer
MOST_TOPICS = 1000
LARGEST = 256 * 1024  # bytes of one frame, as of one webhook
HEARTBEAT, CLOSING = "channel.metadata", "v2.system.socket_closing"
ID = re.compile(r"[\w-]{1,80}")


def line_of(account: Account) -> Line | None:
    """None without a region, an OAuth client or a queue: then there is EventBridge alone."""
    known, queues = account.settings, [str(one) for one in account.settings.get("queues") or () if ID.fullmatch(str(one))]
    region, client, secret = str(known.get("region") or ""), str(known.get("client_id") or ""), account.secrets.get("client_secret", "")
    return Channel(Api(region, client, secret), queues) if region and client and secret and queues else None


class Channel:
    """One channel after the other, as one line."""

    def __init__(self, api: Api, queues: Iterable[str]) -> None:
        self.api = api
        self._queues = [f"v2.routing.queues.{one}.conversations.calls" for one in queues]
        # By id: whether it has ended. Words lag behind the end of a call: its topic is let go only when there are too many.
        self._calls: dict[str, bool] = {}
        self._asked: set[str] = set()  # calls whose words this channel brings
        self._waiting: deque[Incoming] = deque()
        self._socket: ClientConnection | None = None
        self._leave_alone_until = 0.0

    def open(self, running: Iterable[str]) -> None:
        self._calls = dict.fromkeys((one for one in running if ID.fullmatch(one)), False)
        self._renew()
        for call_id in self._calls:
            if found := self.api.call(call_id):
                self._waiting.append(_as_event(found))

    def read(self, seconds: float) -> Incoming | None:
        if self._waiting:
            return self._waiting.popleft()
        if monotonic() - self._opened_at > LIFE:
            self._renew()
        self._ask_for_words()
        text = self._hear(seconds)
        return None if text is None else self._taken(text)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _renew(self) -> None:
        """The next channel is there before the last one is given up; what that one still brought comes first."""
        channel, address = self.api.new_channel()
        self.api.subscribe(channel, self._topics(), only=True)
        last, self._socket, self._channel = self._socket, _socket_to(address), channel
        self._asked = set(self._open_calls())
        self._opened_at = self._heard_at = monotonic()
        self._pinged = False
        if last is not None:
            self._waiting.extend(event for text in _left_in(last) if (event := self._taken(text)))
            last.close()

    def _hear(self, seconds: float) -> str | None:
        if self._socket is None:
            raise LineDown(_("The channel is not open."))
        try:
            frame = self._socket.recv(timeout=seconds)
        except TimeoutError:
            self._doubt()
            return None
        except (ConnectionClosed, WebSocketException, OSError) as error:
            raise LineDown(_("Genesys Cloud closed the channel.")) from error
        self._heard_at, self._pinged = monotonic(), False
        return _text_of(frame)

    def _doubt(self) -> None:
        """A socket can be dead without anybody having closed it: after a missed heartbeat we ask, once."""
        silent = monotonic() - self._heard_at
        if silent > SILENCE + PATIENCE:
            raise LineDown(_("Genesys Cloud has fallen silent."))
        if silent > SILENCE and not self._pinged and self._socket is not None:
            self._pinged = True
            try:
                self._socket.send('{"message": "ping"}')
            except (ConnectionClosed, OSError) as error:
                raise LineDown(_("Genesys Cloud closed the channel.")) from error

    def _taken(self, text: str) -> Incoming | None:
        """A frame as an event; None for what the channel says of itself."""
        frame = json_of(text)
        topic, body = text_of(frame, "topicName"), frame.get("eventBody")
        if topic == CLOSING:
            self._opened_at = float("-inf")  # renewed before the next frame is read
            return None
        if topic == HEARTBEAT or not isinstance(body, dict):
            return None
        if CALLS.match(topic):
            call_id, happenings = happenings_of(topic, body)
            if ID.fullmatch(call_id):
                self._calls[call_id] = any(isinstance(one, Ended) for one in happenings)
        return Incoming(body=text.encode())

    def _ask_for_words(self) -> None:
        """Of each call that is new. When we are told to come later they wait: the channel itself is in order."""
        new = [one for one in self._open_calls() if one not in self._asked]
        if not new or monotonic() < self._leave_alone_until:
            return
        full = len(self._queues) + len(self._asked) + len(new) > MOST_TOPICS
        topics = self._topics() if full else list(map(_words_of, new))
        try:
            self.api.subscribe(self._channel, topics, only=full)
        except LineDown as later:
            if not later.wait:
                raise
            self._leave_alone_until = monotonic() + later.wait
            return
        self._asked = set(self._open_calls()) if full else self._asked | set(new)
        self._calls = {one: over for one, over in self._calls.items() if not over or one in self._asked}

    def _topics(self) -> list[str]:
        """All that one channel is to bring: the queues first."""
        return [*self._queues, *map(_words_of, self._open_calls())][:MOST_TOPICS]

    def _open_calls(self) -> list[str]:
        return [one for one, over in self._calls.items() if not over]


def _words_of(call_id: str) -> str:
    return f"v2.conversations.{call_id}.transcription"


def _as_event(call: dict[str, Any]) -> Incoming:
    """A call that we asked for, as its queue would have told of it."""
    frame = {"topicName": "v2.routing.queues.asked.conversations.calls", "version": "2", "eventBody": call}
    return Incoming(body=json.dumps(frame).encode())


def _socket_to(address: str) -> ClientConnection:
    host = urlsplit(address).hostname or ""
    opened, secure = http.connect(address)
    try:
        return open_websocket(
            address, sock=opened, ssl=secure, server_hostname=host if secure else None, proxy=None, compression=None,
            max_size=LARGEST, ping_interval=None, close_timeout=2, user_agent_header=http.USER_AGENT, legacy=True,
        )  # fmt: skip
    except (WebSocketException, OSError, ValueError) as error:
        opened.close()
        raise LineDown(_("Genesys Cloud does not open the channel's socket.")) from error


def _left_in(socket: ClientConnection) -> Iterable[str]:
    """All that was sent before our ping was answered: frames come in their order."""
    until = monotonic() + PATIENCE
    try:
        answered = socket.ping()
        while monotonic() < until:
            last = answered.is_set()
            try:
                frame = socket.recv(timeout=0 if last else 0.05)
            except TimeoutError:
                if last:
                    return
            else:
                yield _text_of(frame)
    except (WebSocketException, OSError):
        return


def _text_of(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
