"""Numbers as people say them: "error four oh one" is 401, "version two point five" is 2.5, "PAY dash nine" is PAY-9.

Speech recognition writes some numbers as words. They are put together only where a number is expected, so that
"one of two people" stays what it is. Pure.
"""

from __future__ import annotations

import re

_DIGITS = {
    "zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20", "thirty": "30", "forty": "40",
    "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
}  # fmt: skip
_WORD = "|".join(sorted(_DIGITS, key=len, reverse=True))
_NUMBER = rf"(?:(?:{_WORD}|\d+|point|dot|dash|hyphen|minus|double|triple)\b[\s,-]*)"
# Words after which a number follows; codes are two to six letters, spelled out or not.
_LEAD = r"(?:error|code|status|version|release|build|order|invoice|ticket|reference|number|http)(?: (?:code|number|is|was|no\.?))*[ :,]*"
_EXPECTED_AFTER_WORD = re.compile(rf"\b(?P<lead>{_LEAD})(?P<number>{_NUMBER}{{1,16}})", re.IGNORECASE)
_EXPECTED_AFTER_LETTERS = re.compile(rf"\b(?P<lead>[A-Z]{{2,6}}[\s-]+|(?:[A-Z][-. ]){{2,6}})(?P<number>{_NUMBER}{{1,16}})")
_SPELLED = re.compile(r"\b(?:[A-Z][-.]){1,6}[A-Z]?\b[-.]?")


def written(text: str) -> str:
    """The text with spoken numbers as digits, where a number is expected."""
    return _EXPECTED_AFTER_LETTERS.sub(_put_together, _EXPECTED_AFTER_WORD.sub(_put_together, text))


def _put_together(match: re.Match[str]) -> str:
    """As digits; what is written already ("EUR 143") stays."""
    lead, number = match.group("lead"), match.group("number")
    digits = _digits(number)
    told = any(word.isalpha() for word in re.split(r"[\s,-]+", number)) or _SPELLED.match(lead.strip())
    if not told or not any(character.isdigit() for character in digits):
        return match.group(0)
    rest = number[len(number.rstrip(" ,")) :]
    if _SPELLED.match(lead.strip()):
        lead = re.sub(r"[-. ]", "", lead) + "-"
    elif lead.strip().isupper():
        lead = lead.strip(" -") + "-"
    return f"{lead}{digits.lstrip('-') if lead.endswith('-') else digits}{rest}"


def _digits(number: str) -> str:
    """ "four oh one" → "401", "two point five" → "2.5", "twenty one" → "21", "double four" → "44"."""
    parts: list[str] = []
    times = 1
    for word in re.split(r"[\s,-]+", number.strip(" ,-").lower()):
        if word in ("point", "dot"):
            parts.append(".")
        elif word in ("dash", "hyphen", "minus"):
            parts.append("-")
        elif word in ("double", "triple"):
            times = 2 if word == "double" else 3
            continue
        else:
            digit = _DIGITS.get(word, word) * times
            tens = bool(parts) and len(parts[-1]) == 2 and parts[-1].endswith("0") and parts[-1] != "10"  # noqa: PLR2004
            if tens and len(digit) == 1 and digit != "0":
                parts[-1] = parts[-1][0]  # "twenty one" is one number
            parts.append(digit)
        times = 1
    return "".join(parts).strip(".-")
