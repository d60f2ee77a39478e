"""For whom a call to the chat's API or socket speaks: a partner's key for any of its users, a visitor's token for itself alone."""

from __future__ import annotations

from dataclasses import dataclass

from assist.models import ChatSession
from customers import identity
from customers.models import Customer
from helpdesk.core.errors import NotFound
from helpdesk.core.models import ApiKey
from tickets.models.ticket import TicketQuerySet

from . import sessions
from .visitors import Visitor

Identity = ChatSession.Identity


@dataclass(frozen=True)
class Caller:
    customer: Customer
    viewer: ApiKey | Visitor

    @property
    def identity(self) -> str:
        """Whom a partner names, it vouches for (contract section 3); a visitor is verified when the website said so."""
        if isinstance(self.viewer, ApiKey) or self.viewer.verified:
            return Identity.VERIFIED
        return Identity.GIVEN if self.viewer.row.email else Identity.ANONYMOUS

    def enter(self, session_id: str = "") -> ChatSession:
        """The conversation to go on in."""
        if isinstance(self.viewer, ApiKey):
            return sessions.enter(self.customer, session_id, identity=self.identity)
        session = sessions.enter(self.customer, session_id, identity=self.identity, metadata={"site": self.viewer.site.key})
        given = {
            "email": session.email or ("" if self.viewer.verified else self.viewer.row.email),
            "queue": session.queue or self.viewer.site.queue,
        }
        if changed := [name for name, value in given.items() if getattr(session, name) != value]:
            for name in changed:
                setattr(session, name, given[name])
            session.save(update_fields=changed)
        return session

    def tickets(self) -> TicketQuerySet:
        return sessions.tickets_heard_of(self.customer, self.identity)


def caller(viewer: object, user_id: str, *, make: bool = False) -> Caller:
    """Raises NotFound for anybody whom `viewer` may not speak for. `make`: a partner's new user becomes a customer."""
    user_id = user_id.replace("\x00", "").strip()
    if isinstance(viewer, Visitor) and viewer.user_id == user_id:
        return Caller(viewer.customer, viewer)
    if isinstance(viewer, ApiKey) and user_id:
        found = identity.find(external_id=user_id) or (identity.resolve(external_id=user_id) if make else None)
        if found is not None:
            return Caller(found, viewer)
    raise NotFound
