"""Articles that name something exactly: an error code, a product. What meaning blurs and many words drown, this finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery

from .language import text_configuration
from .models import Article

MOST = 12  # articles that may name it; more than that, and the name tells nothing apart


def naming(terms: Sequence[str], *, viewer: Any, language: str = "en") -> list[UUID]:
    """Articles that `viewer` may see and that name every one of these terms. None when too many do: then it is no news."""
    wanted = " ".join(term.strip() for term in terms if term.strip())
    if not wanted:
        return []
    query = SearchQuery(wanted, config=text_configuration(language), search_type="plain")  # plain never fails, and joins by "and"
    named = Article.objects.published().visible_to(viewer).filter(search=query).order_by().values_list("pk", flat=True)
    found = list(named[: MOST + 1])
    return found if len(found) <= MOST else []
