"""What an agent types is Markdown; customers and colleagues see it as clean HTML."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

# HTML in the text is shown, not run; links to anything but web and mail addresses stay text.
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).enable(["table", "strikethrough"]).disable("image")
_TAGS = set("p br strong em s code pre blockquote ul ol li a h1 h2 h3 h4 hr table thead tbody tr th td".split())
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
_SCHEMES = {"https", "http", "mailto", "tel"}


def reply_html(text: str) -> str:
    """Clean HTML of a reply or note. Never raises; no image, script, style or foreign scheme survives."""
    html = _markdown.render(text)
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow")
