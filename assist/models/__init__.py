from .call import AgentAction, CallSession, CallUpdate, ClarifyingQuestion, TranscriptionSegment
from .draft import Draft
from .product import Product
from .suggestion import Suggestion
from .triage import TriageRun, TriageStep

__all__ = (
    "AgentAction",
    "CallSession",
    "CallUpdate",
    "ClarifyingQuestion",
    "Draft",
    "Product",
    "Suggestion",
    "TranscriptionSegment",
    "TriageRun",
    "TriageStep",
)
