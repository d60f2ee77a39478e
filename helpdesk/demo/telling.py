"""One written story becomes the rows of one ticket: as if it had come in, been answered and been solved back then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from assist.triage.sentiment import label_of
from customers.models import Customer
from helpdesk.core.models import Event, User
from tickets import sla
from tickets.channels.rendering import reply_html
from tickets.channels.threading import message_id, reply_token
from tickets.models import Delivery, Message, Participant, ThreadReference, Ticket, TicketRead

from .company import Cast
from .history import history
from .moments import Moments, fill
from .source import demo_id

AFTER_LAST_WORD = timedelta(minutes=2)  # the agent reads the thanks and presses Solve
CLOSES_AFTER = timedelta(days=5)  # solved tickets close by themselves
POSTED_WITHIN = timedelta(seconds=12)
REMARKS = (
    "key",
    "article",
    "incident",
    "satisfaction",
    "duplicate_of",
)  # kept beside the ticket, for whoever reads the demonstration's data
GLANCED_AT = timedelta(minutes=40)  # colleagues have looked at everything older than this


@dataclass
class Told:
    """Everything to be written for one ticket."""

    story: dict[str, Any]
    ticket: Ticket
    messages: list[Message] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    references: list[ThreadReference] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)
    reads: list[TicketRead] = field(default_factory=list)
    files: list[tuple[Message, dict[str, str]]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.ticket.status in Ticket.ACTIVE

    @property
    def newest_from_customer(self) -> Message:
        return [message for message in self.messages if message.author_kind == Message.AuthorKind.CUSTOMER][-1]


def begun_at(story: dict[str, Any], at: Moments) -> datetime:
    return at.in_ticket(story, 0)


def tell(story: dict[str, Any], number: str, cast: Cast, at: Moments) -> Told:
    told = Told(story, _ticket(story, number, cast, at))
    _take_part(told)
    for position, line in enumerate(story["messages"]):
        _say(told, position, line, cast, at)
    _settle(told, at)
    told.events = history(told.ticket, story, told.messages, cast)
    told.ticket.updated_at = max(event.occurred_at for event in told.events)
    told.ticket.version = len(told.events)
    _mark_read(told, cast, at)
    return told


def _ticket(story: dict[str, Any], number: str, cast: Cast, at: Moments) -> Ticket:
    customer, begun = cast.customers[story["customer"]], begun_at(story, at)
    remarks = {name: story[name] for name in REMARKS if name in story}
    return Ticket(
        pk=demo_id("ticket", story["key"]),
        number=number,
        subject=fill(story["subject"], begun),
        status=story["status"],
        priority=story["priority"],
        category=cast.categories.get(story["category"]),
        queue=cast.queues[story["queue"]],
        assignee=cast.agents.get(story.get("assignee", "")),
        customer=customer,
        organisation=customer.organisation,
        channel=story["channel"],
        language=story.get("language", "en"),
        sentiment=label_of(story["polarity"]),
        polarity=story["polarity"],
        frustration=story["frustration"],
        metadata={"demo": remarks},
        decided_by_people=["category", "priority", "queue", "assignee"] if "assignee" in story else [],
        created_at=begun,
    )


def _take_part(told: Told) -> None:
    people: list[tuple[str, str, Customer | None]] = [(told.ticket.customer.email, Participant.Role.REQUESTER, told.ticket.customer)]
    people += [(address, Participant.Role.CC, None) for address in told.story.get("cc", ()) if address != told.ticket.customer.email]
    told.participants = [
        Participant(ticket=told.ticket, address=who, role=role, customer=customer) for who, role, customer in people if who
    ]


def _say(told: Told, position: int, line: dict[str, Any], cast: Cast, at: Moments) -> None:
    said_at = at.in_ticket(told.story, line["after"])
    message = Message(
        pk=demo_id("message", f"{told.story['key']}/{position}"),
        ticket=told.ticket,
        body_text=fill(line["text"], said_at),
        created_at=said_at,
    )
    if line["from"] in cast.agents:
        _by_agent(told, message, cast.agents[line["from"]], note=line.get("note", False))
    else:
        _by_customer(told, message, cast.customers[line["from"]])
    told.messages.append(message)
    told.files += [(message, file) for file in line.get("attachments", ())]


def _by_customer(told: Told, message: Message, customer: Customer) -> None:
    """As a channel's message through intake. The story's mood is that of its first words."""
    message.author_kind, message.customer, message.author_name = Message.AuthorKind.CUSTOMER, customer, customer.display_name
    message.channel = told.ticket.channel if not told.messages or told.ticket.channel == Ticket.Channel.CHAT else Ticket.Channel.EMAIL
    if message.channel == Ticket.Channel.EMAIL:
        message.external_id = f"{message.pk.hex}@{customer.email.partition('@')[2]}"
        message.verified = "pass"
        _thread(told, message, message.external_id)
    if not told.messages:
        message.recipients = list(told.story.get("cc", ()))
        message.sentiment, message.polarity, message.frustration = told.ticket.sentiment, told.ticket.polarity, told.ticket.frustration


def _by_agent(told: Told, message: Message, agent: User, *, note: bool) -> None:
    """As a reply that has been delivered, or a note."""
    message.author_kind, message.user, message.author_name = Message.AuthorKind.AGENT, agent, agent.name
    message.body_html = reply_html(message.body_text)
    message.external_id = message_id(message.pk)
    message.channel = told.ticket.channel if told.ticket.channel == Ticket.Channel.CHAT else Ticket.Channel.EMAIL
    if note:
        message.visibility = Message.Visibility.INTERNAL
    elif message.channel == Ticket.Channel.EMAIL:
        _post(told, message)


def _post(told: Told, message: Message) -> None:
    message.recipients = [one.address for one in told.participants]
    message.delivery = Message.DeliveryState.SENT
    posted = message.created_at + POSTED_WITHIN
    sent = {"state": Delivery.State.SENT, "attempts": 1, "due_at": message.created_at, "sent_at": posted}
    told.deliveries += [Delivery(message=message, recipient=address, **sent) for address in message.recipients]
    _thread(told, message, message.external_id, *(reply_token(told.ticket.pk, address) for address in message.recipients))


def _thread(told: Told, message: Message, *values: str) -> None:
    known = {reference.value for reference in told.references}
    told.references += [ThreadReference(ticket=told.ticket, value=value) for value in values if value not in known]
    earlier = [one for one in told.messages if one.external_id]
    message.in_reply_to = earlier[-1].external_id if earlier else ""


def _settle(told: Told, at: Moments) -> None:
    """The ticket's own times follow from what was said."""
    ticket, public = told.ticket, [message for message in told.messages if not message.is_note]
    from_us = [message.created_at for message in public if message.author_kind == Message.AuthorKind.AGENT]
    from_them = [message.created_at for message in public if message.author_kind == Message.AuthorKind.CUSTOMER]
    ticket.first_response_at, ticket.last_agent_message_at = (from_us[0], from_us[-1]) if from_us else (None, None)
    ticket.last_customer_message_at = from_them[-1]
    if ticket.status in Ticket.DONE:
        ticket.resolved_at = min(_solved(told, public[-1], at), at.now)
    if ticket.status == Ticket.Status.CLOSED and ticket.resolved_at:
        ticket.closed_at = min(ticket.resolved_at + CLOSES_AFTER, at.now)
    if "snoozed_for" in told.story:
        ticket.snoozed_until = at.now + timedelta(minutes=told.story["snoozed_for"])
    sla.reschedule(ticket, at=ticket.resolved_at or ticket.last_agent_message_at or ticket.created_at)


def _solved(told: Told, last: Message, at: Moments) -> datetime:
    if "resolved_after" in told.story:
        return max(at.in_ticket(told.story, told.story["resolved_after"]), last.created_at)
    return last.created_at if last.author_kind == Message.AuthorKind.AGENT else last.created_at + AFTER_LAST_WORD


def _mark_read(told: Told, cast: Cast, at: Moments) -> None:
    """Whoever wrote has read up to there; the others looked a while ago. So the newest tickets stand out as unread."""
    glance = at.now - GLANCED_AT
    for agent in cast.agents.values():
        own = [message.created_at for message in told.messages if message.user_id == agent.pk]
        read_at = max([*own, *([glance] if told.ticket.created_at < glance else [])], default=None)
        if read_at:
            told.reads.append(TicketRead(user=agent, ticket=told.ticket, read_at=read_at))
