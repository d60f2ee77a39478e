"""One window looks at one chat: what it has been shown, and what is new for it. Nothing is shown twice and nothing is left out."""

from __future__ import annotations

from uuid import UUID

from assist.models import ChatMessage, ChatSession

from . import frames
from .frames import Frame

MOST = 200  # lines in one go
FIRST_SHOWN = 50  # to a window that says nothing of what it has seen
State = ChatSession.State


class Window:
    """`seen` is the number of the last line that it has; None: it has shown nothing yet."""

    def __init__(self, session: ChatSession, seen: int | None) -> None:
        self.session_id: UUID = session.pk
        self.seen = seen
        self.own: set[str] = set()  # lines that were said here, and need not come back
        self.shown: tuple[str, int] | None = None  # state and place in line
        self.ticket_id: UUID | None = session.ticket_id

    def open(self) -> list[Frame]:
        """Where things stand; nothing for a chat in which nothing was said."""
        session = self._read()
        if session is None or not session.lines:
            self.seen = self.seen or 0
            return []
        lines = session.messages.filter(n__gt=self.seen or 0).select_related("session").order_by("-n")
        said = list(lines[: FIRST_SHOWN if self.seen is None else MOST])[::-1]
        self.seen = max(session.lines, self.seen or 0)
        return [frames.state(session, said), *self._stand(session)]

    def news(self) -> list[Frame]:
        """What came since."""
        session = self._read()
        if session is None:
            return []
        seen = self.seen or 0
        lines = session.messages.filter(n__gt=seen).select_related("session", "user").in_order()[:MOST] if session.lines > seen else ()
        told = []
        for line in lines:
            self.seen = line.n
            if str(line.pk) not in self.own:
                told.append(frames.line(line))
        return [*told, *self._stand(session)]

    def say_received(self, line: ChatMessage) -> Frame:
        """The window's own line is safe; sent again, it would be the same one."""
        return {"type": "received", "id": line.client_id, "message_id": str(line.pk), "n": line.n, "session_id": line.session.session_id}

    def _stand(self, session: ChatSession) -> list[Frame]:
        """A frame when who answers, or the place in line, is another than was shown."""
        frame = frames.handoff(session)
        now, before = (session.state, int(frame["position"])), self.shown
        self.shown = now
        if now == before or (before is None and session.state == State.ASSISTANT):
            return []
        if session.state == State.ENDED:
            return [frames.ended(session)]
        return [frame]

    def _read(self) -> ChatSession | None:
        session = ChatSession.objects.select_related("ticket", "queue", "agent").filter(pk=self.session_id).first()
        if session is not None:
            self.ticket_id = session.ticket_id
        return session
