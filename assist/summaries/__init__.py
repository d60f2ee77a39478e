"""A ticket and its customer in short: quoted by the local engine, worded by a model where there is one.

found = summaries.of(ticket, viewer=maya)      # always there, never waits for a model
summaries.renew(ticket)                        # somebody asks for it anew: by the model, if there is one
"""

from .keeping import PARTS, Shown, Summary, as_note, asks_a_model, of, renew, renew_the_wanted

__all__ = ("PARTS", "Shown", "Summary", "as_note", "asks_a_model", "of", "renew", "renew_the_wanted")
