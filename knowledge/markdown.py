"""Reading Markdown without rendering it: its blocks, its plain words, its numbered steps. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark").enable("table")
_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_STEP = re.compile(r"^(\s*)\d{1,3}[.)]\s+(.*)$")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_LINE_MARKS = re.compile(r"^ {0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+)", re.MULTILINE)
_TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]+\|[\s:|-]*$", re.MULTILINE)
_INLINE_MARKS = re.compile(r"(\*\*|__|~~|`+)")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?!\s)([^*\n]+?)\*(?![\w*])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Block:
    """One top-level block as written. `level` is 1..6 for a heading, whose `text` is then the heading alone; else 0."""

    text: str
    level: int = 0


def blocks(source: str) -> Iterator[Block]:
    """The top-level blocks of a text: headings, paragraphs, whole lists, tables and code."""
    lines = source.splitlines()
    tokens = _PARSER.parse(source)
    for position, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        if token.type == "heading_open":
            yield Block(plain(tokens[position + 1].content), level=int(token.tag[1]))
        else:
            yield Block("\n".join(lines[token.map[0] : token.map[1]]).strip("\n"))


def plain(source: str) -> str:
    """The words without the marks, line breaks kept. Control characters go too: highlights use two of them."""
    text = _CONTROL.sub("", source.replace("\r\n", "\n"))
    text = _TABLE_RULE.sub("", _LINE_MARKS.sub("", _IMAGE_OR_LINK.sub(r"\1", text)))
    text = _EMPHASIS.sub(r"\1", _INLINE_MARKS.sub("", text))
    return re.sub(r"\n{3,}", "\n\n", text.replace("|", " ")).strip()


def steps(source: str, most: int = 12) -> list[str]:
    """The items of the first numbered list, each as one plain line; empty when there is none."""
    found: list[str] = []
    for line in _outside_code(source):
        match = _STEP.match(line)
        if match and len(match[1]) <= 3:  # noqa: PLR2004 - four spaces and more are a nested list
            found.append(match[2])
        elif found and line.startswith(("   ", "\t")) and line.strip():
            found[-1] += " " + line.strip()
        elif found and line.strip():
            break
    return [plain(step).replace("\n", " ") for step in found[:most]] if len(found) > 1 else []


def _outside_code(source: str) -> Iterator[str]:
    fenced = False
    for line in source.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield line
