"""Which language the customer writes."""

from __future__ import annotations

from functools import cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# What support desks meet; with all 97 of the model's languages short English texts come out as Latin or Luxembourgish.
EXPECTED = tuple("ar cs da de el en es fi fr he hi hu it ja ko nl no pl pt ro ru sv tr uk vi zh".split())
SURE = 0.8
SHORT, SURE_OF_SHORT = 20, 0.95  # letters: below, the classifier likes to guess
FALLBACK = "en"


def detect(text: str, *, hint: str = "") -> str:
    """An ISO 639-1 code. `hint` (the customer's own language) decides where the text is too short or the classifier unsure."""
    fallback = hint.split("-", maxsplit=1)[0].lower() or FALLBACK
    letters = sum(character.isalpha() for character in text)
    if not letters:
        return fallback
    code, sure = _identifier().classify(text[:2000])
    return str(code) if float(sure) >= (SURE if letters >= SHORT else SURE_OF_SHORT) else fallback


@cache
def _identifier() -> Any:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(EXPECTED)
    return identifier
