"""The whole configuration as one file: how a company is set up, to keep, to compare and to bring elsewhere.

shape.py says what is in it, exporting.py writes it, importing.py brings it in, differing.py shows what that changes. Rows go by names
that people know (a team's slug, a colleague's address), never by ids. Secrets and passwords are not in it: what lives by a secret
(telephony, CRM, inbound webhooks, API keys, chat addresses) is set up by hand.
"""

from .exporting import as_text, export
from .importing import LARGEST, Result, bring_in, parse

__all__ = ("LARGEST", "Result", "as_text", "bring_in", "export", "parse")
