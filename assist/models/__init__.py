from .call import AgentAction, CallSession, CallUpdate, ClarifyingQuestion, TranscriptionSegment
from .draft import Draft
from .product import Product
from .suggestion import Suggestion
from .triage import TriageRun, TriageStep
from .workflow import OwnWorkflow

__all__ = (
    "AgentAction",
    "CallSession",
    "CallUpdate",
    "ClarifyingQuestion",
    "Draft",
    "OwnWorkflow",
    "Product",
    "Suggestion",
    "TranscriptionSegment",
    "TriageRun",
    "TriageStep",
)
