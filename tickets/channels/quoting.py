"""What the sender wrote, apart from what the mail program copied below it and from the signature.

Line by line and linear: the libraries for this are quadratic (60 kB of "On a a a" took mail-parser-reply 29 s). Nothing is thrown away:
the quotation goes to `quoted`, the signature to `signature`. When in doubt the text stays where the reader sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .phrases import ATTRIBUTIONS, DEVICE_SIGNATURES, FROM, ORIGINAL_MESSAGE, OTHER_HEADERS, VERB_IN_THE_MIDDLE

LONGEST_ATTRIBUTION = 3  # lines over which mail programs wrap "On ... wrote:"
LONGEST_MARK = 300  # characters; a longer line is prose, not a separator
LONGEST_SIGNATURE = 15  # lines
WRAPPED_FROM = 66  # characters: servers wrap between 66 and 78


@dataclass(frozen=True)
class SplitText:
    """`reply` is what the sender wrote now; the other two were cut from it, in their own order."""

    reply: str
    quoted: str = ""
    signature: str = ""


def split(text: str) -> SplitText:
    """Splits a mail's plain text. A mail that is nothing but quotation (a forward) keeps it all as the reply."""
    lines = text.split("\n")
    own, quoted = _without_quotation(lines)
    own, signature = _without_signature(own)
    reply = "\n".join(own).strip()
    if not reply:
        return SplitText(text.strip())
    return SplitText(reply, "\n".join(quoted).strip(), "\n".join(signature).strip())


def _without_quotation(lines: list[str]) -> tuple[list[str], list[str]]:
    start = _quotation_start(lines)
    if start is None:
        return lines, []
    first_marked = next((at for at in range(start, min(start + LONGEST_ATTRIBUTION + 2, len(lines))) if _is_marked(lines[at])), None)
    if first_marked is None:
        return lines[:start], lines[start:]  # Outlook and its like: everything below is the old mail
    end = _end_of_marked(lines, first_marked)
    below = lines[end:]
    if any(_is_marked(line) for line in below) and any(line.strip() and not _is_marked(line) for line in below):
        if _quotation_start(below) is None:
            return lines, []  # answers stand between the quoted lines: taken apart they make no sense
        return lines[:start], lines[start:]
    return lines[:start] + below, lines[start:end]


def _quotation_start(lines: list[str]) -> int | None:
    for at, line in enumerate(lines):
        if _is_marked(line) or _is_separator(lines, at) or _starts_attribution(lines, at):
            return at
    return None


def _is_marked(line: str) -> bool:
    return line.lstrip(" ")[:1] == ">"


def _end_of_marked(lines: list[str], start: int) -> int:
    end = start
    for at in range(start, len(lines)):
        if _is_marked(lines[at]):
            end = at + 1
        elif lines[at].strip() and not _is_wrapped_tail(lines, at):
            break
    return end


def _is_wrapped_tail(lines: list[str], at: int) -> bool:
    """A short unmarked line after a long marked one: some server wrapped the quotation."""
    before, after = lines[at - 1], lines[at + 1] if at + 1 < len(lines) else ""
    return _is_marked(before) and _is_marked(after) and len(before) >= WRAPPED_FROM and len(lines[at]) <= WRAPPED_FROM // 2


def _starts_attribution(lines: list[str], at: int) -> bool:
    """An "On ... wrote:" on this line, or wrapped over it and the next two."""
    joined = ""
    for line in lines[at : at + LONGEST_ATTRIBUTION]:
        stripped = line.strip()
        if not stripped or len(joined) + len(stripped) > LONGEST_MARK or _is_marked(line):
            return False
        joined = f"{joined} {stripped}".strip().lower()
        if joined.endswith((":", "：")) and _is_attribution(joined):
            return True
    return False


def _is_attribution(joined: str) -> bool:
    if "@" not in joined and not any(char.isdigit() for char in joined):
        return False  # a date or an address is always there; "She wrote:" has neither
    ends = any(joined.startswith(starts) and joined.endswith(ends) for starts, ends in ATTRIBUTIONS)
    return ends or any(joined.startswith(starts) and verb in joined for starts, verb in VERB_IN_THE_MIDDLE)


def _is_separator(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if not line or len(line) > LONGEST_MARK:
        return False
    if line[0] in "-_*" and line.strip("-_* ").lower() in ORIGINAL_MESSAGE:
        return True
    return line.strip("* ").lower().startswith(FROM) and _is_header_block(lines[at + 1 : at + 7])


def _is_header_block(lines: list[str]) -> bool:
    return sum(line.strip("* \t").replace("*", "").lower().startswith(OTHER_HEADERS) for line in lines) >= 2  # noqa: PLR2004 - of sent, to, subject


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """The last "-- " within fifteen lines of the end, or a telephone's "Sent from my ..." as the last words."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    for at in range(len(lines) - 1, max(-1, len(lines) - 1 - LONGEST_SIGNATURE), -1):
        if lines[at].rstrip("\r") in {"-- ", "--"} or (at >= len(lines) - 2 and _is_device_signature(lines[at])):
            return _before_rule(lines[:at]), lines[at:]
    return _before_rule(lines), []


def _is_device_signature(line: str) -> bool:
    return len(line) < 100 and line.strip().lower().startswith(DEVICE_SIGNATURES)  # noqa: PLR2004 - characters; longer is a sentence


def _before_rule(lines: list[str]) -> list[str]:
    """Without the line of underscores or dashes that some programs draw above the part we cut."""
    at = len(lines)
    while at and (not lines[at - 1].strip() or set(lines[at - 1].strip()) <= set("_-")):
        at -= 1
    return lines[:at]
