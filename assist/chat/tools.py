"""What the assistant can do for the visitor before it. Another tool is one more decorated function: `docs/adding-a-tool.md`.

A tool never takes an identity: it acts for the session's customer and sees what that customer may see (security T44). A visitor who has
proven nothing sees what was made in their own chats and no more, whatever address they name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from django.db.models import Case, When
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from assist.models import ChatSession
from customers.access_log import note_read
from customers.models import Customer
from helpdesk.core.errors import HelpdeskError
from knowledge.search import FOR_ASSIST, Found, find
from tickets import intake
from tickets.channels.chat import VisitorLine, translate
from tickets.models import Ticket
from tickets.models.ticket import TicketQuerySet

from . import filing, sessions, wording
from .words import say

MOST_LISTED = 5
LOOKED_AT = 5  # articles; an answer leans on three at most
LONGEST_ARGUMENT = 4_000
Identity = ChatSession.Identity
RANK: dict[str, int] = {Identity.ANONYMOUS: 0, Identity.GIVEN: 1, Identity.VERIFIED: 2}


@dataclass(frozen=True)
class Done:
    """What came of it: `data` for a model, `text` for the visitor."""

    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    ticket: Ticket | None = None  # that was made or changed
    found: Found | None = None
    escalate: str = ""  # a person is asked for, with this reason
    refused: str = ""  # why nothing was done: unknown | arguments | identity | too-many | failed


Function = Callable[..., Done]


@dataclass(frozen=True)
class Tool:
    name: str
    function: Function
    needs: str  # identity
    writes: bool  # the visitor is asked first
    arguments: type[BaseModel]

    @property
    def description(self) -> str:
        return inspect.getdoc(self.function) or ""

    def allows(self, session: ChatSession) -> bool:
        return RANK[session.identity] >= RANK[self.needs]


_tools: dict[str, Tool] = {}


def tool(*, needs: str = Identity.VERIFIED, writes: bool = False) -> Callable[[Function], Function]:
    """Register a function: its name, docstring and typed keyword arguments are what a model is told of it."""

    def register(function: Function) -> Function:
        hints = get_type_hints(function)
        fields: dict[str, Any] = {
            name: (hints[name], ... if given.default is inspect.Parameter.empty else given.default)
            for name, given in inspect.signature(function).parameters.items()
            if given.kind is inspect.Parameter.KEYWORD_ONLY
        }
        name = function.__name__
        arguments = create_model(name, __config__=ConfigDict(extra="forbid", str_max_length=LONGEST_ARGUMENT), **fields)
        _tools[name] = Tool(name, function, needs, writes, arguments)
        return function

    return register


def named(name: str) -> Tool | None:
    return _tools.get(name)


def offered(session: ChatSession) -> list[Tool]:
    """Those that exist for this visitor."""
    return [one for one in _tools.values() if one.allows(session)]


def run(session: ChatSession, name: str, arguments: dict[str, Any]) -> Done:
    """Do it, if this visitor may. Never raises: what cannot be done is a refusal, and says no more to one who may not know."""
    chosen = _tools.get(name)
    if chosen is None:
        return Done(say("cannot"), refused="unknown")
    if not chosen.allows(session):
        return Done(say("prove"), refused="identity")
    try:
        given = chosen.arguments.model_validate(arguments, strict=True)
    except ValidationError:
        return Done(say("cannot"), refused="arguments")
    try:
        return chosen.function(session, **given.model_dump())
    except HelpdeskError as error:
        return Done(error.detail, refused="failed")


def tickets_of(session: ChatSession) -> TicketQuerySet:
    return sessions.tickets_heard_of(session.customer, session.identity)


# -- the seven of the contract ---------------------------------------------------------------------------------


@tool(needs=Identity.ANONYMOUS)
def search_faq(session: ChatSession, *, query: str) -> Done:
    """Search the public help articles for an answer to a question about the product."""
    found = find(query, viewer=None, limit=LOOKED_AT, language=session.language or "en", narrowing=FOR_ASSIST)
    return Done(data={"articles": [{"title": hit.title, "excerpt": hit.excerpt} for hit in found.hits[:3]]}, found=found)


@tool(needs=Identity.GIVEN, writes=True)
def create_ticket(session: ChatSession, *, subject: str, description: str = "") -> Done:
    """Open a support ticket with the conversation in it, so that a person looks into the matter and answers."""
    anew = session.ticket is not None
    made = filing.file(session, subject=wording.subject_of(subject or description), anew=anew, words=description or subject)
    return Done(say("ticket_made", number=made.number), {"ticket": made.number}, ticket=made)


@tool(needs=Identity.ANONYMOUS)
def get_ticket_status(session: ChatSession, *, number: str = "") -> Done:
    """Say how far one of the visitor's own tickets is. `number` looks like TKT-20250131-0001; without it the one that is open."""
    if not number.strip():
        return _of_the_open_one(session)
    ticket = tickets_of(session).filter(number=number.strip().upper()).select_related("assignee").first()
    if ticket is None:
        return Done(wording.no_such_ticket(number, verified=session.identity == Identity.VERIFIED), {"found": False})
    _note(session, "ticket status")
    return Done(wording.status_of(ticket), _shown(ticket))


@tool(needs=Identity.ANONYMOUS)
def get_user_tickets(session: ChatSession) -> Done:
    """List the visitor's own latest tickets."""
    return _listed(session, list(tickets_of(session).order_by("-created_at")[:MOST_LISTED]))


@tool(needs=Identity.ANONYMOUS, writes=True)
def update_ticket(session: ChatSession, *, number: str, comment: str = "", solved: bool = False) -> Done:
    """Add a comment to one of the visitor's own tickets, or mark it as solved at their wish."""
    ticket = tickets_of(session).filter(number=number.strip().upper()).first()
    if ticket is None:
        return Done(wording.no_such_ticket(number, verified=session.identity == Identity.VERIFIED), {"found": False})
    if comment and ticket != session.ticket:  # in its own ticket every line stands already
        line = session.messages.filter(role="user").order_by("-n").first()
        intake.receive(
            translate(
                VisitorLine(
                    reference=f"chat-{line.pk if line else session.pk}-{ticket.number}",
                    customer_id=session.customer_id,
                    text=comment,
                    verified=session.identity == Identity.VERIFIED,
                    ticket_number=ticket.number,
                )
            )
        )
    if solved and ticket.is_active:
        ticket.resolve(by=session.customer)
    return Done(wording.ticket_changed(ticket.number, solved=solved), _shown(ticket), ticket=ticket)


@tool(needs=Identity.VERIFIED)
def lookup_account(session: ChatSession) -> Done:
    """Look up the visitor's own account: name, plan, organisation, addresses, since when they are a customer."""
    customer = Customer.objects.select_related("organisation").prefetch_related("contact_points").get(pk=session.customer_id)
    _note(session, "account")
    plan = (customer.organisation.tier if customer.organisation else "") or customer.tier
    data = {
        "name": customer.name,
        "plan": plan,
        "organisation": customer.organisation.name if customer.organisation else "",
        "email": customer.email,
        "customer_since": f"{customer.created_at:%Y-%m-%d}",
        "open_tickets": Ticket.objects.filter(customer=customer).active().count(),
    }
    return Done(wording.account(data), data)


@tool(needs=Identity.ANONYMOUS)
def escalate_to_human(session: ChatSession, *, reason: str) -> Done:
    """Pass the conversation to a person: when the visitor asks for one, or nothing here answers their question."""
    return Done(escalate=reason or _("asked for a person"))


def _of_the_open_one(session: ChatSession) -> Done:
    """One statement: those that are open come first, so that one alone among them is the only one. With several, or none, the list."""
    open_first = Case(When(status__in=Ticket.ACTIVE, then=0), default=1)
    latest = list(tickets_of(session).annotate(done=open_first).select_related("assignee").order_by("done", "-created_at")[:MOST_LISTED])
    open_ones = [ticket for ticket in latest if ticket.is_active]
    if len(open_ones) != 1:
        return _listed(session, latest)
    _note(session, "ticket status")
    return Done(wording.status_of(open_ones[0]), _shown(open_ones[0]))


def _listed(session: ChatSession, latest: Sequence[Ticket]) -> Done:
    _note(session, "tickets")
    verified = session.identity == Identity.VERIFIED
    return Done(wording.list_of(latest, verified=verified), {"tickets": [_shown(ticket) for ticket in latest]})


def _shown(ticket: Ticket) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.get_status_display(),
        "created_at": f"{ticket.created_at:%Y-%m-%d}",
        "updated_at": f"{ticket.updated_at:%Y-%m-%d %H:%M}",
    }


def _note(session: ChatSession, what: str) -> None:
    note_read(session.customer, session.customer_id, what, f"chat {session.pk}")
