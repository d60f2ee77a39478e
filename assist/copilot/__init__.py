"""Reply drafts: written by the local engine with the triage (`assist.triage.draft`), by a model where there is one (`writing`),
shown while it writes (`streaming`), changed on the agent's word (`wishing`, `rewriting`), and what became of them (`settling`)."""

from .rewriting import WAYS, rewrite
from .settling import accept, dismiss, edit_distance, settle, shown
from .wishing import ask, carry_out, refusal, stop, wanted
from .writing import write

__all__ = (
    "WAYS",
    "accept",
    "ask",
    "carry_out",
    "dismiss",
    "edit_distance",
    "refusal",
    "rewrite",
    "settle",
    "shown",
    "stop",
    "wanted",
    "write",
)
