"""The whole configuration as one file: how a company is set up, to keep, to compare and to bring elsewhere.

shape.py says what is in it, exporting.py writes it, checking.py reads it, importing.py brings it in by applying.py, differing.py shows what
that changes. Rows go by names that people know (a team's slug, a colleague's address), never by ids. Secrets and passwords are not in
it: a row that lives by some says "to be entered", which leaves those that are here as they are. API keys, what people keep for
themselves (macros, chat addresses) and the company's sign-in are left out.
"""

from .checking import LARGEST, parse
from .exporting import as_text, export
from .importing import Result, bring_in

__all__ = ("LARGEST", "Result", "as_text", "bring_in", "export", "parse")
