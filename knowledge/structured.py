"""What a public article tells search engines: JSON-LD, as schema.org names things."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from knowledge.markdown import plain
from knowledge.models import Article

_ESCAPED = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}
LONGEST = 300  # characters of a description


def of_article(article: Article) -> SafeString:
    """The data block of an article and its place, as JSON that cannot end the element it stands in."""
    address = f"{settings.SITE_URL}{article.get_absolute_url()}"
    trail = [("Help", f"{settings.SITE_URL}/help/")]
    if article.category:
        trail.append((article.category.name, f"{settings.SITE_URL}/help/search/?topic={article.category.slug}"))
    trail.append((article.title, address))
    about: list[dict[str, Any]] = [
        {
            "@type": "TechArticle",
            "headline": article.title[:110],
            "description": description(article),
            "inLanguage": article.language,
            "url": address,
            "dateModified": article.updated_at.isoformat(),
            **({"datePublished": article.published_at.isoformat()} if article.published_at else {}),
        },
        {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": place, "name": name, "item": url} for place, (name, url) in enumerate(trail, 1)
            ],
        },
    ]
    return _harmless(json.dumps({"@context": "https://schema.org", "@graph": about}, ensure_ascii=False))


def description(article: Article) -> str:
    return plain(article.body)[:LONGEST].strip()


def _harmless(text: str) -> SafeString:
    """Inside a script element only `<` could begin its end; `&` and the line separators are escaped with it, as Django does."""
    return mark_safe(text.translate(_ESCAPED))  # noqa: S308 - JSON; what could end the element is escaped
