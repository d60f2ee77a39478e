"""May this colour carry words? Contrast as WCAG 2.2 reckons it. The widget's script asks the same of what a page gives it."""

from __future__ import annotations

LEAST = 4.5  # for text of usual size, level AA
WHITE, BLACK = "#ffffff", "#101418"


def luminance(colour: str) -> float:
    """Of "#rrggbb", 0 to 1."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 to 21."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def text_on(colour: str) -> str:
    """White where it can be read, else near black: one of the two always can."""
    return WHITE if contrast(colour, WHITE) >= LEAST else BLACK


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - of the sRGB curve
