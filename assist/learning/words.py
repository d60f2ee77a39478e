"""The words half of a classifier: n-grams of words and letters, hashed, weighed by how rare they are. Read with numpy alone.

Letters of a word (3 to 5 in a row) survive typing slips and endings that an embedding smooths away: on banking77 they lift
regression and neighbours together from .933 to .938 (docs/evaluation.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

PLACES = 2**14  # of the hash; 2**16 is no better
LONGEST = 1_200  # characters: as the embedder reads
SHORTEST_GRAM, LONGEST_GRAM = 3, 5
_WORD = re.compile(r"\w+")

Places = npt.NDArray[np.intp]


def places_of(text: str) -> Places:
    """Where the n-grams of a text lie, each once: (grams,) of 0..PLACES-1."""
    words = _WORD.findall(text.lower()[:LONGEST])
    grams = set(words) | {" ".join(pair) for pair in pairwise(words)}
    for word in set(words):
        edged = f" {word} "
        for length in range(SHORTEST_GRAM, LONGEST_GRAM + 1):
            grams.update("#" + edged[at : at + length] for at in range(len(edged) - length + 1))
    return np.unique(np.fromiter((crc32(gram.encode("utf-8", "surrogatepass")) % PLACES for gram in grams), np.intp, len(grams)))


def rarity(rows: Sequence[Places]) -> npt.NDArray[np.float32]:
    """Smoothed inverse document frequency, (PLACES,)."""
    seen = np.zeros(PLACES)
    for row in rows:
        seen[row] += 1
    return (np.log((1 + len(rows)) / (1 + seen)) + 1).astype(np.float32)


def weights_of(row: Places, rare: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The values at these places: a vector of length 1 (empty: no words)."""
    values = rare[row]
    length = float(np.sqrt((values * values).sum()))
    return values / length if length else values
