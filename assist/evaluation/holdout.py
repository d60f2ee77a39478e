"""The fifth that is set aside: chosen by each item's id alone, so that it is the same on every machine and stays the same as data grows.

Tune on the rest, report the fifth once.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import blake2b

SEED = "helpdesk-2026"
SHARE = 5  # one in so many is set aside


class Part(StrEnum):
    ALL = "all"
    TUNING = "tuning"
    HELD_OUT = "held-out"


def held_out(id: str, seed: str = SEED) -> bool:
    """Whether the item of this id belongs to the fifth that nothing is tuned on. Another seed sets another fifth aside."""
    return int.from_bytes(blake2b(f"{seed}\0{id}".encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") % SHARE == 0


def within(part: Part, id: str, seed: str = SEED) -> bool:
    return part is Part.ALL or held_out(id, seed) is (part is Part.HELD_OUT)
