"""A page of another help centre, exported as HTML, read as Markdown. Navigation, forms and scripts are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

DEEPEST = 12  # lists in lists
_LEFT_OUT = frozenset(
    ["script", "style", "nav", "header", "footer", "aside", "form", "svg", "noscript", "template", "iframe", "button", "select", "object"]
)
_STRAY = re.compile(r"<(?![^<>]{0,5000}>)")  # opens no tag: thousands of them would take the parser minutes
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCKS = frozenset("p div section article main ul ol table tr blockquote pre hr figure figcaption dl dt dd details summary".split())
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "s": "~~", "del": "~~"}


@dataclass
class HtmlPage:
    title: str = ""
    language: str = ""
    body: str = ""


def read_html(source: str) -> HtmlPage:
    """Title, language and text of a page; the text of `<main>` or `<article>` alone where there is one. Broken HTML gives what it can."""
    reader = _Reader(only_main=bool(re.search(r"<(main|article)[\s>]", source, re.IGNORECASE)))
    reader.feed(_STRAY.sub("&lt;", _without_comments(source)))
    reader.close()
    return reader.page()


def _without_comments(source: str) -> str:
    """One that is never closed takes the rest with it, as in a browser."""
    kept, at = [], 0
    while (start := source.find("<!--", at)) >= 0:
        kept.append(source[at:start])
        end = source.find("-->", start + 4)
        at = end + 3 if end >= 0 else len(source)
    return "".join([*kept, source[at:]])


@dataclass
class _Lists:
    """The lists that are open: None for bullets, the next number for a numbered one."""

    open: list[int | None] = field(default_factory=list)

    def mark(self) -> str:
        indent = "   " * min(len(self.open) - 1, DEEPEST)
        if not self.open or self.open[-1] is None:
            return f"{indent}- "
        self.open[-1] += 1
        return f"{indent}{self.open[-1]}. "


class _Reader(HTMLParser):
    def __init__(self, *, only_main: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.only_main, self.inside, self.skipping = only_main, 0, 0
        self.lists, self.links = _Lists(), [""]
        self.cells, self.rows = 0, 0  # of the table that is open
        self.title, self.first_heading, self.language = "", "", ""
        self.text: list[str] = []
        self.preformatted = self.in_title = self.in_heading = False

    def page(self) -> HtmlPage:
        body = re.sub(r"(?m)^ (?=\S)|(?<! ) $", "", "".join(self.text))  # blanks that stood between elements; two at an end are a break
        return HtmlPage(" ".join((self.first_heading or self.title).split()), self.language[:12], re.sub(r"\n{3,}", "\n\n", body).strip())

    @property
    def reading(self) -> bool:
        return not self.skipping and (self.inside > 0 or not self.only_main)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _LEFT_OUT:
            self.skipping += 1
        elif tag in ("main", "article"):
            self.inside += 1
        elif tag == "html":
            self.language = values.get("lang", "")
        elif tag == "title":
            self.in_title = not self.title and not self.skipping
        if self.reading and not self.in_title:
            self._open(tag, values)

    def _open(self, tag: str, values: dict[str, str]) -> None:  # noqa: C901, PLR0912 - one line for each element
        if self.in_heading:
            return
        if tag == "h1" and not self.first_heading:  # the title; a second one is a heading of the text
            self.in_heading = True
        elif tag in _HEADINGS:
            self.text.append(f"\n\n{_HEADINGS[tag]}")
        elif tag in ("ul", "ol"):
            self.text.append("" if self.lists.open else "\n\n")
            self.lists.open.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.text.append(f"\n{self.lists.mark()}")
        elif tag == "pre":
            self.preformatted = True
            self.text.append("\n\n```\n")
        elif tag == "br":
            self.text.append("  \n")
        elif tag == "hr":
            self.text.append("\n\n---\n\n")
        elif tag == "img" and values.get("alt"):
            self.text.append(f"![{values['alt']}]({values.get('src', '')})")
        elif tag == "a":
            self.links.append(values.get("href", ""))
            self.text.append("[" if values.get("href") else "")
        elif tag in ("td", "th"):
            self.cells += 1
            self.text.append("| ")
        elif tag == "tr":
            self.cells = 0
            self.text.append("\n")
        elif tag == "table":
            self.rows = 0
            self.text.append("\n\n")
        elif tag == "blockquote":
            self.text.append("\n\n> ")
        elif tag in _MARKS and not self.preformatted:
            self.text.append(_MARKS[tag])
        elif tag in _BLOCKS and not self.lists.open:
            self.text.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if self.reading and not self.in_title:
            self._close(tag)
        if tag in _LEFT_OUT:
            self.skipping = max(0, self.skipping - 1)
        elif tag in ("main", "article"):
            self.inside = max(0, self.inside - 1)
        elif tag == "title":
            self.in_title = False

    def _close(self, tag: str) -> None:
        if self.in_heading:
            self.in_heading = tag != "h1"
        elif tag in _HEADINGS:
            self.text.append("\n\n")
        elif tag in ("ul", "ol") and self.lists.open:
            self.lists.open.pop()
            self.text.append("" if self.lists.open else "\n\n")
        elif tag == "pre":
            self.preformatted = False
            self.text.append("\n```\n\n")
        elif tag == "a" and len(self.links) > 1:
            href = self.links.pop()
            self.text.append(f"]({href})" if href else "")
        elif tag in _MARKS and not self.preformatted:
            self.text.append(_MARKS[tag])
        elif tag in ("td", "th"):
            self.text.append(" ")
        elif tag == "tr":
            self.rows += 1
            self.text.append("|" + ("\n" + "|---" * self.cells + "|" if self.rows == 1 else ""))
        elif tag in _BLOCKS and not self.lists.open:
            self.text.append("\n\n")

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.title += data
        elif self.reading and self.in_heading:
            self.first_heading += data
        elif self.reading and (data.strip() or self.preformatted or not self.rows):
            self.text.append(data if self.preformatted else re.sub(r"\s+", " ", data))
