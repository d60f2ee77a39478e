"""Looks over a text before it is published: links that lead nowhere, pictures that will not show, Markdown that is not closed.

No request leaves this machine: a link to another site is checked for its form only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.text import slugify
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from helpdesk.core.areas import page_exists

from .models import Article, ArticleFile

_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_ARTICLE = re.compile(r"^/help/([-\w]+)/$")
_FILE = re.compile(r"^/knowledge/files/([0-9a-f-]{36})/$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True)
class Problem:
    line: int  # 1 is the first
    target: str  # the address or words it is about
    text: str  # what is wrong, for a person


@dataclass(frozen=True)
class _Reference:
    line: int
    target: str
    picture: bool
    words: str


def check(body: str, article: Article) -> list[Problem]:
    """Everything that a reader of this article would stumble over; empty when all is well. Two queries at most."""
    tokens = _PARSER.parse(body)
    references = list(_references(tokens))
    anchors = {slugify(tokens[at + 1].content)[:60] for at, token in enumerate(tokens) if token.type == "heading_open"}
    known = _Known(references, article)
    problems = [Problem(one.line, one.target, why) for one in references if (why := _wrong(one, anchors, known))]
    return sorted([*problems, *_unclosed(body)], key=lambda problem: problem.line)


class _Known:
    """The articles and files that the text refers to, read at once."""

    def __init__(self, references: list[_Reference], article: Article) -> None:
        slugs = {found[1] for one in references if (found := _ARTICLE.match(one.target.partition("#")[0]))}
        files = {found[1] for one in references if (found := _FILE.match(one.target))}
        self.article = article
        self.articles = (
            {row.slug: row for row in Article.objects.filter(slug__in=slugs).only("slug", "status", "audience")} if slugs else {}
        )
        rows: Any = ArticleFile.objects.filter(pk__in=[one for one in files if _is_uuid(one)], article=article) if files else ()
        self.files = {str(row.pk): row for row in rows}


def _references(tokens: list[Token]) -> Iterator[_Reference]:
    for token in tokens:
        if token.type != "inline" or not token.children:
            continue
        line = token.map[0] + 1 if token.map else 1
        for at, child in enumerate(token.children):
            if child.type in ("softbreak", "hardbreak"):
                line += 1
            elif child.type == "link_open":
                words = token.children[at + 1].content if token.children[at + 1].type != "link_close" else ""
                holds_picture = token.children[at + 1].type == "image"
                yield _Reference(line, str(child.attrGet("href") or ""), False, words or ("image" if holds_picture else ""))
            elif child.type == "image":
                yield _Reference(line, str(child.attrGet("src") or ""), True, child.content)


def _wrong(one: _Reference, anchors: set[str], known: _Known) -> str:
    if one.picture:
        return _wrong_picture(one, known)
    if not one.words.strip():
        return _("A link without words: nobody sees it.")
    return _wrong_link(one.target, anchors, known)


def _wrong_picture(one: _Reference, known: _Known) -> str:
    found = _FILE.match(one.target)
    if not found:
        return _("A picture from elsewhere is not shown. Upload it to this article.")
    file = known.files.get(found[1])
    if file is None:
        return _("This picture is not among the files of this article.")
    if not file.picture:
        return _("This file is no picture. Link to it instead.")
    return "" if one.words.strip() else _("A picture needs a description for people who cannot see it.")


def _wrong_link(target: str, anchors: set[str], known: _Known) -> str:
    parts = urlsplit(target)
    if not target:
        return _("A link without an address.")
    if parts.scheme in ("mailto", "tel"):
        return ""
    if parts.scheme or parts.netloc:
        good = parts.scheme in ("http", "https") and "." in (parts.hostname or "")
        return "" if good else _("This address is not complete.")
    if target.startswith("#"):
        return "" if target[1:] in anchors else _("There is no heading of that name.")
    return _wrong_path(parts.path, known)


def _wrong_path(path: str, known: _Known) -> str:
    if found := _FILE.match(path):
        return "" if found[1] in known.files else _("This file is not among the files of this article.")
    linked = known.articles.get(found[1]) if (found := _ARTICLE.match(path)) else None
    if linked is None:
        reserved = path in ("/help/", "/help/contact/", "/help/search/")
        exists = reserved or (not found and path.startswith("/") and page_exists(path))
        return "" if exists else _("There is no such page.")
    if linked.status != Article.Status.PUBLISHED:
        return _("The article it leads to is not published.")
    if linked.audience == Article.Audience.INTERNAL and known.article.audience == Article.Audience.PUBLIC:
        return _("The article it leads to is internal; readers of this one may not open it.")
    return ""


def _unclosed(body: str) -> Iterator[Problem]:
    """Code that swallows the rest of the text, and links whose bracket is never closed."""
    opened: tuple[int, str] | None = None
    for number, line in enumerate(body.splitlines(), 1):
        found = _FENCE.match(line)
        if not found:
            if opened is None and _open_link(line):
                yield Problem(number, line.strip()[:60], _("A link whose bracket is not closed."))
        elif opened is None:
            opened = number, found[1]
        elif found[1][0] == opened[1][0] and len(found[1]) >= len(opened[1]):
            opened = None
    if opened:
        yield Problem(opened[0], opened[1], _("Code starts here and is never closed."))


def _open_link(line: str) -> bool:
    """Whether the last link of a line has no closing bracket."""
    at = line.rfind("](")
    return at > 0 and "[" in line[:at] and ")" not in line[at:]


def _is_uuid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
