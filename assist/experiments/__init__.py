"""Experiments: prompt versions, models and engines tried side by side on real work.

A unit (ticket or customer) gets an arm and keeps it (`assigning`). What became of each arm is read from what people did (`measuring`)
and judged so that one may look every day (`statistics`, `judging`). An arm that does harm is stopped (`guarding`); a person decides
(`running`).
"""

from .assigning import Chosen, answered, choose

__all__ = ("Chosen", "answered", "choose")
