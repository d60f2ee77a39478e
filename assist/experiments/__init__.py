"""Experiments: prompt versions, models and engines tried side by side on real work.

A unit (ticket, conversation or customer) gets an arm and keeps it (`assigning`). What became of each arm is read from what people did
(`drafts`, `chats`, `summaries`; `features` says what can be read of which) and judged so that one may look every day (`statistics`,
`judging`). An arm that does harm is stopped (`guarding`); a person decides (`running`).
"""

from .assigning import Chosen, answered, asks, choose, follow, wording

__all__ = ("Chosen", "answered", "asks", "choose", "follow", "wording")
