from .duty import DutyDay, DutyShift
from .escalation import Escalation, EscalationLevel
from .macro import Macro, MacroUse
from .mail import Delivery, RawMail
from .mailbox import ImapMailbox
from .mass_reply import MassReply, MassReplyPiece
from .message import Attachment, Message, ThreadReference
from .notice import ChatHook, ChatPost, Notice, NoticeSettings
from .number import TicketNumber
from .people import Participant, TicketRead
from .queue import InboundHook, Queue, QueueMembership
from .rating import Rating
from .rule import Rule, RuleFiring
from .search import SearchEntry
from .sla import BusinessHours, Holiday, SlaPolicy
from .status_link import StatusLink
from .tag import Tag
from .ticket import Ticket
from .ticket_merge import TicketMerge

__all__ = (
    "Attachment",
    "BusinessHours",
    "ChatHook",
    "ChatPost",
    "Delivery",
    "DutyDay",
    "DutyShift",
    "Escalation",
    "EscalationLevel",
    "Holiday",
    "ImapMailbox",
    "InboundHook",
    "Macro",
    "MacroUse",
    "MassReply",
    "MassReplyPiece",
    "Message",
    "Notice",
    "NoticeSettings",
    "Participant",
    "Queue",
    "QueueMembership",
    "Rating",
    "RawMail",
    "Rule",
    "RuleFiring",
    "SearchEntry",
    "SlaPolicy",
    "StatusLink",
    "Tag",
    "ThreadReference",
    "Ticket",
    "TicketMerge",
    "TicketNumber",
    "TicketRead",
)
