from .mail import Delivery, RawMail
from .mailbox import ImapMailbox
from .message import Attachment, Message, ThreadReference
from .queue import InboundHook, Queue, QueueMembership
from .search import SearchEntry
from .ticket import Participant, Tag, Ticket, TicketNumber, TicketRead

__all__ = (
    "Attachment",
    "Delivery",
    "ImapMailbox",
    "InboundHook",
    "Message",
    "Participant",
    "Queue",
    "QueueMembership",
    "RawMail",
    "SearchEntry",
    "Tag",
    "ThreadReference",
    "Ticket",
    "TicketNumber",
    "TicketRead",
)
