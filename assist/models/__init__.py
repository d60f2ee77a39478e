from .draft import Draft
from .suggestion import Suggestion
from .triage import TriageRun, TriageStep

__all__ = ("Draft", "Suggestion", "TriageRun", "TriageStep")
