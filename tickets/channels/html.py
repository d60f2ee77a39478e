"""A stranger's HTML made harmless, and read as text (T01, T02, T17).

`clean` runs when a mail is read and again by `for_display` whenever it is shown, so that a stricter rule also covers old mail.
What survives: structure, a few harmless styles, links to https, http, mailto and tel, and pictures that came inside the mail (`cid:`).
A picture elsewhere on the network is kept as `data-blocked-src`, which no browser loads, and counted.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser

import nh3

from .charsets import clean_text

LONGEST = 512 * 1024  # characters; 100,000 nested <div> took nh3 13 s
DEEPEST = 500  # open elements; a long thread of nested replies has some 200
MOST_LINKS = 5_000  # beyond this it is no letter, and every reader of it gets slow


def _words(text: str) -> set[str]:
    return set(text.split())


_TAGS = _words("""
    a abbr address b bdi bdo big blockquote br caption center cite code col colgroup dd del details div dl dt em figure figcaption
    font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong sub summary sup
    table tbody td tfoot th thead time tr tt u ul var wbr
    """)
_ATTRIBUTES = {
    "*": {"dir", "lang", "style", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "data-blocked-src"},
    "blockquote": {"type"},
    "font": {"color"},
    "ol": {"start", "type"},
    "table": {"align", "border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"align", "valign", "colspan", "rowspan", "width", "bgcolor"},
    "th": {"align", "valign", "colspan", "rowspan", "width", "bgcolor"},
    "div": {"align"},
    "p": {"align"},
    "details": {"open"},
}
_STYLES = _words("""
    background-color border border-bottom border-collapse border-color border-left border-right border-spacing border-style border-top
    border-width color direction font-family font-size font-style font-weight line-height list-style-type margin margin-bottom margin-left
    margin-right margin-top max-width padding padding-bottom padding-left padding-right padding-top text-align text-decoration
    text-transform vertical-align white-space width
    """)
_QUOTE_CLASSES = {"gmail_quote", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "quote"}
_SCHEMES = {"https", "http", "mailto", "tel", "cid"}
_LOADING_STYLE = re.compile(r"url|image|expression|@|\\|/\*|attr|var\s*\(", re.IGNORECASE)
_QUOTE_START = re.compile(r'<(blockquote|div)\b[^>]*(?:type="cite"|class="(?:gmail_quote|yahoo_quoted|protonmail_quote))')
_OPENING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NEVER_NESTED = _words("area base br col embed hr img input link meta p source track wbr li td th tr option")


@dataclass(frozen=True)
class CleanHtml:
    """`html` is safe to show in the sandboxed frame; `html` is "" and `refused` says why when there was no reading it."""

    html: str
    blocked_images: int = 0
    shortened: bool = False
    refused: str = ""


def clean(source: str) -> CleanHtml:
    """Cleans one HTML body. Linear for hostile input: size, depth and number of links are limited before the real parser sees it."""
    shortened = len(source) > LONGEST
    source = clean_text(source[:LONGEST])
    if _depth(source) > DEEPEST:
        return CleanHtml("", refused="too deeply nested")
    if source.lower().count("<a ") > MOST_LINKS:
        return CleanHtml("", refused="too many links")
    marker = f"blocked-{secrets.token_hex(8)}:"
    cleaned = _cleaner(marker).clean(source)
    blocked = cleaned.count(f' src="{marker}')
    return CleanHtml(cleaned.replace(f' src="{marker}', ' data-blocked-src="').strip(), blocked, shortened)


def for_display(cleaned: str, *, pictures: Mapping[str, str] | None = None) -> str:
    """The stored body made ready for the frame: quotes folded, cleaned again, `cid:` pictures pointed at our own URLs (content id -> URL).

    A `cid:` nobody sent becomes a picture without a source: the reader sees its description.
    """
    body = clean(_fold_quote(cleaned)).html  # cleaning comes last: whatever folding cut wrongly is made whole again
    urls = {key.lower(): url for key, url in (pictures or {}).items()}

    def own_url(match: re.Match[str]) -> str:
        url = urls.get(unescape(match[1]).lower(), "")
        return f' src="{escape(url)}"' if url else ""

    return re.sub(r' src="cid:([^"]*)"', own_url, body)


def _fold_quote(cleaned: str) -> str:
    """Wraps the first quotation in <details>; one that has no end where it should is left alone."""
    start = _QUOTE_START.search(cleaned)
    if not start:
        return cleaned
    depth = 0
    for tag in re.finditer(rf"<(/?){start[1]}\b", cleaned[start.start() :]):
        depth += -1 if tag[1] else 1
        if depth == 0:
            end = start.start() + tag.end() + 1
            quote = cleaned[start.start() : end]
            return f'{cleaned[: start.start()]}<details class="quote"><summary>\u2026</summary>{quote}</details>{cleaned[end:]}'
    return cleaned


def _depth(source: str) -> int:
    deepest = depth = 0
    for closing, name in _OPENING.findall(source):
        if name.lower() not in _NEVER_NESTED:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _cleaner(marker: str) -> nh3.Cleaner:
    def judge(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return value if value.lower().startswith("cid:") else _blocked(marker, value)
        if attribute == "href":
            return value if value.lower().startswith(("https://", "http://", "mailto:", "tel:")) else None
        if attribute == "style":
            return None if _LOADING_STYLE.search(value) else value
        return value

    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=judge,
        url_schemes=_SCHEMES,
        allowed_classes={tag: _QUOTE_CLASSES for tag in ("div", "blockquote", "details")},
        filter_style_properties=_STYLES,
        clean_content_tags={"script", "style", "title", "textarea", "noscript", "template", "iframe", "object", "svg", "math"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )


def _blocked(marker: str, url: str) -> str | None:
    """Only an absolute web address can ever be offered as "Show images"; everything else (`/api/..`, `data:`) is gone for good."""
    return marker + url if re.match(r"https?://[^/\\]", url, re.IGNORECASE) else None


def to_text(cleaned: str) -> str:
    """Plain text of cleaned HTML: paragraphs, lists, link targets, and quotations marked with "> ". Give it `clean`'s output only."""
    reader = _TextReader()
    reader.feed(cleaned)
    reader.close()
    return reader.text()


_BLOCKS = _words("address blockquote center dd details div dl dt figure h1 h2 h3 h4 h5 h6 hr li ol p pre summary table tr ul")
_SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote"}
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0]+")


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line: list[str] = []
        self.open: list[str] = []  # those that change how text is laid out
        self.link = ""
        self.link_from = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._break(blank=tag in _SPACED)
        if tag == "br":
            self._break(forced=True)
        elif tag == "li":
            self.line.append("- ")
        elif tag == "img" and values.get("alt"):
            self.line.append(f"[{values['alt']}]")
        elif tag in {"td", "th"} and self.line:
            self.line.append("\t")
        elif tag == "a":
            self.link, self.link_from = values.get("href", ""), len(self.line)
        if tag in {"div", "blockquote", "pre"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.link:
            self._finish_link()
        if tag in _BLOCKS:
            self._break(blank=tag in _SPACED)
        if tag in {"div", "blockquote", "pre"} and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "pre" in self.open:
            first, *rest = data.split("\n")
            self.line.append(first)
            for line in rest:
                self._break(forced=True)
                self.line.append(line)
        elif text := _BLANKS.sub(" ", data):
            self.line.append(text)

    def _finish_link(self) -> None:
        shown = "".join(self.line[self.link_from :]).strip()
        target = self.link.removeprefix("mailto:")
        if shown and target.rstrip("/") not in {shown.rstrip("/"), f"https://{shown}".rstrip("/"), f"http://{shown}".rstrip("/")}:
            self.line.append(f" ({target})")
        self.link = ""

    def _break(self, *, blank: bool = False, forced: bool = False) -> None:
        text = "".join(self.line).rstrip() if "pre" in self.open else "".join(self.line).strip(" \n")
        prefix = "> " * min(self.open.count("blockquote"), 20)
        if text or forced:
            self.lines.append(prefix + text)
        if blank and self.lines and self.lines[-1].strip("> "):
            self.lines.append(prefix.rstrip())
        self.line, self.link_from = [], 0

    def text(self) -> str:
        self._break()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip()
