"""Reply drafts: written by the local engine with the triage (`assist.triage.draft`), by a model where there is one (`writing`),
shown while it writes (`streaming`), changed on the agent's word (`rewriting`), and what became of them (`settling`)."""

from .rewriting import WAYS, rewrite
from .settling import accept, dismiss, edit_distance, settle, shown
from .streaming import stop
from .writing import write

__all__ = ("WAYS", "accept", "dismiss", "edit_distance", "rewrite", "settle", "shown", "stop", "write")
