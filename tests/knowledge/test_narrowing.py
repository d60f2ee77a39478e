"""Filters of a search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from helpdesk.core.models import User
from knowledge import candidates
from knowledge.models import Article
from knowledge.search import Narrowing, find, search

Library = dict[str, Article]


def slugs(narrowing: Narrowing, viewer: User | None = None) -> set[str]:
    return {hit.slug for hit in search("password invoice refund position", viewer=viewer, limit=20, narrowing=narrowing)}


@pytest.mark.parametrize("way", ["exact", "index"])
def test_a_filter_leaves_only_what_fits(library: Library, maya: User, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(candidates, "EXACT_UP_TO", 10**9 if way == "exact" else -1)
    monkeypatch.setattr(candidates, "FEW", -1)
    assert slugs(Narrowing(category="billing")) == {"invoice"}
    assert slugs(Narrowing(category="nothing")) == set()
    assert slugs(Narrowing(audience="internal"), maya) == {"refund-limits"}
    assert slugs(Narrowing(audience="internal")) == set()


def test_tags_languages_and_dates_narrow(library: Library, write: Callable[..., Article]) -> None:
    write("kennwort", "Kennwort ändern", "Das Kennwort wird hier geändert.", language="de-AT", keywords=["konto"])
    assert slugs(Narrowing(language="de")) == slugs(Narrowing(tag="konto")) == {"kennwort"}
    assert "kennwort" not in slugs(Narrowing(language="en")) and slugs(Narrowing(language="d")) == set()
    Article.objects.exclude(slug="invoice").update(updated_at=timezone.now() - timedelta(days=40))
    assert slugs(Narrowing(updated_since=timezone.now() - timedelta(days=1))) == {"invoice"}


def test_the_memory_is_narrowed_too(library: Library) -> None:
    from knowledge import cases

    cases.remember([cases.Solved(("ticket", "1"), "the lorries dance", article=library["invoice"])])
    assert find("the lorries dance", viewer=None, narrowing=Narrowing(category="technical")).hits[0].slug == "driver-gps"
