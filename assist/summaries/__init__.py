"""A ticket and its customer in short: quoted by the local engine, worded by a model where there is one.

found = summaries.of(ticket, viewer=maya)      # always there, never waits for a model
summaries.ask(ticket, by=maya)                 # somebody wants it anew: a model's, if there is one, comes when it is written
summaries.renew(ticket)                        # the same, and waits for it
"""

from .keeping import PARTS, Shown, Summary, as_note, ask, asks_a_model, of, renew, renew_the_wanted, write_the_asked
from .quoting import Said
from .wording import ask as wording_of

__all__ = (
    "PARTS",
    "Said",
    "Shown",
    "Summary",
    "as_note",
    "ask",
    "asks_a_model",
    "of",
    "renew",
    "renew_the_wanted",
    "wording_of",
    "write_the_asked",
)
