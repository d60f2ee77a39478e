"""What names a thing exactly: found by its words, and searched with whatever else is found."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk.core.models import User
from knowledge import candidates, mentions
from knowledge.mentions import naming
from knowledge.models import Article
from knowledge.search import find

Library = dict[str, Article]


def test_articles_that_name_every_term_of_each_list_in_one_statement(library: Library, django_assert_num_queries: Any) -> None:
    asked = [["E503"], ["invoice", "PDF"], ["E503", "PDF"], [" "], ["password"]]
    found = [["e503"], ["invoice"], [], [], ["reset-password"]]
    with django_assert_num_queries(1):
        assert naming(asked, viewer=None) == [[library[slug].pk for slug in slugs] for slugs in found]


def test_nobody_is_told_of_what_only_agents_may_read(library: Library, maya: User) -> None:
    assert naming([["Priya"]], viewer=None) == [[]]
    assert naming([["Priya"]], viewer=maya) == [[library["refund-limits"].pk]]


def test_a_name_that_too_many_bear_is_no_news(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    assert naming([["E503"]], viewer=None) == [[library["e503"].pk]]
    monkeypatch.setattr(mentions, "MOST", 0)
    assert naming([["E503"]], viewer=None) == [[]]


@pytest.mark.parametrize("way", ["exact", "index"])
def test_what_is_searched_besides_comes_behind_the_best_for_who_may_see_it(
    library: Library, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "index":
        monkeypatch.setattr(candidates, "EXACT_UP_TO", -1)
        monkeypatch.setattr(candidates, "FEW", -1)
    besides = {library[slug].pk for slug in ("driver-gps", "refund-limits", "secret-draft", "reset-password")}
    hits = find("how do I reset my password?", viewer=None, limit=1, besides=besides).hits
    assert [hit.slug for hit in hits] == ["reset-password", "driver-gps"]
    assert hits[0].score > hits[1].score
