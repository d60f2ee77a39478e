from .batch import TriageBatch, TriageBatchPiece
from .call import AgentAction, CallSession, CallUpdate, ClarifyingQuestion, TranscriptionSegment
from .call_desk import CallDesk, CallNote, CallPolicy, CallScript, SaidStep, ScriptStep
from .chat import ChatMessage, ChatSession
from .draft import Draft
from .experiment import Experiment, ExperimentArm, ExperimentAssignment
from .learning import ActionPolicy, LabelledExample, LearnedModel, Learnt, Prediction, ShadowSwitch
from .product import Product
from .rules import EscalationRule, FrustrationIndicator, PriorityRule
from .suggestion import Suggestion
from .summary import TicketSummary
from .telephony import AcdConnection, AcdEvent
from .triage import TriageRun, TriageStep
from .widget import SpentIdentity, WidgetSite, WidgetVisitor
from .workflow import OwnWorkflow

__all__ = (
    "AcdConnection",
    "AcdEvent",
    "ActionPolicy",
    "AgentAction",
    "CallDesk",
    "CallNote",
    "CallPolicy",
    "CallScript",
    "CallSession",
    "CallUpdate",
    "ChatMessage",
    "ChatSession",
    "ClarifyingQuestion",
    "Draft",
    "EscalationRule",
    "Experiment",
    "ExperimentArm",
    "ExperimentAssignment",
    "FrustrationIndicator",
    "LabelledExample",
    "LearnedModel",
    "Learnt",
    "OwnWorkflow",
    "Prediction",
    "PriorityRule",
    "Product",
    "SaidStep",
    "ScriptStep",
    "ShadowSwitch",
    "SpentIdentity",
    "Suggestion",
    "TicketSummary",
    "TranscriptionSegment",
    "TriageBatch",
    "TriageBatchPiece",
    "TriageRun",
    "TriageStep",
    "WidgetSite",
    "WidgetVisitor",
)
