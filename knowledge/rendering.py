"""Articles are Markdown; readers see clean HTML with a table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

WORDS_A_MINUTE = 200  # a calm reading speed
SHORTEST_MARKED = 3  # letters; marking "a" or "in" says nothing
EXCERPT = 180  # characters of a search result
_MARKUP = re.compile(r"```.*?```|[#>*`|]+|!?\[([^\]]*)\]\([^)]*\)|_{2,}", re.DOTALL)

_OWN_FILE = re.compile(r"^/knowledge/files/[0-9a-f-]{36}/$")


class _Renderer(RendererHTML):
    """Shows pictures only from the article's own files; of any other its description is left."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        source, words = str(tokens[idx].attrGet("src") or ""), escape(tokens[idx].content)
        return f'<img src="{source}" alt="{words}" loading="lazy">' if _OWN_FILE.match(source) else str(words)


# HTML in the text is shown, not run; markdown-it itself refuses script and data links.
_markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])


@dataclass(frozen=True)
class Page:
    """An article ready to show: its HTML and the second-level headings as (id, text)."""

    html: SafeString
    contents: list[tuple[str, str]] = field(default_factory=list)


def render(markdown: str) -> Page:
    """HTML of an article. The first paragraph is the lead, numbered lists are steps, quotations are tips."""
    tokens = _markdown.parse(markdown)
    contents = _number_headings(tokens)
    _dress(tokens)
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return Page(mark_safe(html), contents)  # noqa: S308 - made by markdown-it with html off from escaped text


def minutes(markdown: str) -> int:
    """Reading time, at least 1."""
    return max(1, ceil(len(markdown.split()) / WORDS_A_MINUTE))


def plain(markdown: str) -> str:
    """The words without the marks, on one line."""
    return " ".join(_MARKUP.sub(lambda found: found[1] or " ", markdown).split())


def excerpt(markdown: str, words: Iterable[str]) -> SafeString:
    """About 180 characters around the first word that was searched for, with every such word marked."""
    text, wanted = plain(markdown), _worth_marking(words)
    first = re.search("|".join(map(re.escape, wanted)), text, re.IGNORECASE) if wanted else None
    start = max(0, text.rfind(". ", 0, first.start()) + 2) if first and first.start() > EXCERPT // 2 else 0
    cut = text[start : start + EXCERPT]
    return mark(cut + "…" if len(text) > start + EXCERPT else cut, wanted)


def mark(text: str, words: Iterable[str]) -> SafeString:
    """Escaped text with the given words in `<mark>`."""
    wanted = [re.escape(word) for word in _worth_marking(words)]
    if not wanted:
        return escape(text)
    parts = re.split(rf"\b({'|'.join(wanted)})", text, flags=re.IGNORECASE)
    return mark_safe("".join(f"<mark>{escape(part)}</mark>" if i % 2 else escape(part) for i, part in enumerate(parts)))  # noqa: S308 - each part is escaped


def _worth_marking(words: Iterable[str]) -> list[str]:
    return [word for word in words if len(word) >= SHORTEST_MARKED]


def _number_headings(tokens: list[Token]) -> list[tuple[str, str]]:
    """Gives every heading an id; one level lower, because the title of the page is the h1."""
    contents: list[tuple[str, str]] = []
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        anchor = slugify(inline.content)[:60] or f"part-{len(contents) + 1}"
        opening.attrSet("id", anchor)
        if opening.tag == "h2":
            contents.append((anchor, plain(inline.content)))
    return contents


def _dress(tokens: list[Token]) -> None:
    """Adds the classes of design/ui.md to top-level parts."""
    kinds = {"ordered_list_open": "steps", "bullet_list_open": "bullets", "blockquote_open": "tip", "table_open": "table"}
    for at, token in enumerate(tokens):
        if token.level == 0 and token.type in kinds:
            token.attrSet("class", kinds[token.type])
        if at == 0 and token.type == "paragraph_open":
            token.attrSet("class", "lead")
        if token.type == "heading_open" and token.tag == "h1":
            token.tag = tokens[at + 2].tag = "h2"
