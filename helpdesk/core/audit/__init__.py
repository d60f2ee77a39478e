"""The audit of configuration, rights, people, keys, exports and erasures.

Changes of watched tables are written by the database itself (watching.py), so that no way around exists: pages, the back office,
the API, commands and SQL by hand all leave their row, in the transaction of the change. Deeds that change no such row are noted:

    note("exported", "customers.customer", by=priya, after={"rows": 12})

chain.py seals the rows one to the next; acting.py says who acts.
"""

from .acting import acting_for, note

__all__ = ("acting_for", "note")
