"""A question about a code (E423, PRN-3) is answered from what names that very code: to an embedding its neighbours look the same. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from knowledge.fusion import Band
from knowledge.search import Found, Hit

_CODE = re.compile(r"\b[A-Za-z]{1,8}-\d{1,5}\b|\b[A-Za-z]{1,4}\d{2,5}\b")
_SAYS = r"\b(?:error|code|fehler|erreur|errore)\s+(?:code\s+)?#?"
_ERROR = re.compile(rf"{_SAYS}(?P<code>[A-Za-z]{{0,4}}-?\d{{2,5}})\b|\b(?P<bare>E-?\d{{3,4}})\b", re.IGNORECASE)


def by_code(found: Found, text: str) -> Found:
    """What names a code of the question comes first; where an error is asked for that nothing names, nothing was found."""
    codes = {one.lower() for one in _CODE.findall(text)}
    errors = {(one["code"] or one["bare"]).lower() for one in _ERROR.finditer(text)}
    if not found.hits or not codes | errors:
        return found
    hits = [hit for hit in found.hits if not errors or _named(hit, errors)]  # another error's article is no source
    if not hits:
        return replace(found, hits=[], confidence=0.0, band=Band.NOTHING)
    return replace(found, hits=sorted(hits, key=lambda hit: -_named(hit, codes | errors)))


def _named(hit: Hit, codes: set[str]) -> int:
    """2 in its title, 1 in its text."""
    title, text = (set(re.findall(r"[a-z0-9-]+", words.lower())) for words in (hit.title, hit.body))
    return 2 if codes & title else int(bool(codes & text))
