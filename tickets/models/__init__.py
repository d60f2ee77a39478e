from .mail import Delivery, RawMail
from .mailbox import ImapMailbox
from .mass_reply import MassReply, MassReplyPiece
from .message import Attachment, Message, ThreadReference
from .number import TicketNumber
from .people import Participant, TicketRead
from .queue import InboundHook, Queue, QueueMembership
from .search import SearchEntry
from .status_link import StatusLink
from .tag import Tag
from .ticket import Ticket
from .ticket_merge import TicketMerge

__all__ = (
    "Attachment",
    "Delivery",
    "ImapMailbox",
    "InboundHook",
    "MassReply",
    "MassReplyPiece",
    "Message",
    "Participant",
    "Queue",
    "QueueMembership",
    "RawMail",
    "SearchEntry",
    "StatusLink",
    "Tag",
    "ThreadReference",
    "Ticket",
    "TicketMerge",
    "TicketNumber",
    "TicketRead",
)
