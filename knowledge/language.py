"""Which of PostgreSQL's text search configurations reads which language."""

from __future__ import annotations

_CONFIGURATIONS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
LANGUAGES = tuple(sorted(_CONFIGURATIONS, key=lambda code: (code != "en", code)))  # English first, then by code


def text_configuration(language: str) -> str:
    """`english` for `en-GB`; `simple`, which knows no endings, for a language that PostgreSQL cannot stem."""
    return _CONFIGURATIONS.get(language.partition("-")[0].lower(), "simple")
