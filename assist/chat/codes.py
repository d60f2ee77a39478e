"""A question about a code (E423, PRN-3) is answered from what names that very code: to an embedding its neighbours look the same. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from knowledge.fusion import SHOW, Band, band
from knowledge.search import Found, Hit

TITLE = 2
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
    hits.sort(key=lambda hit: -_named(hit, codes | errors))
    if not errors:
        return replace(found, hits=hits)
    sure = max(hits[0].score, SHOW if _named(hits[0], errors) == TITLE else 0.0)  # how near its words are says nothing of a code
    return replace(found, hits=hits, confidence=sure, band=band(sure))


def _named(hit: Hit, codes: set[str]) -> int:
    """In its title, in its text (1), or not at all."""
    title, text = (set(re.findall(r"[a-z0-9-]+", words.lower())) for words in (hit.title, hit.body))
    return TITLE if codes & title else int(bool(codes & text))
