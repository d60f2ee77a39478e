"""Articles and search for partner systems."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from helpdesk.core.models import ApiKey
from knowledge.models import Article
from tests.knowledge.conftest import make_article

Library = dict[str, Article]


def test_a_key_reads_what_is_published_page_by_page(api: Client, library: Library) -> None:
    first = api.get("/api/v1/articles/?limit=3").json()
    rest = api.get(first["next"]).json()
    slugs = {one["slug"] for one in first["results"] + rest["results"]}
    assert slugs == set(library) - {"secret-draft"} and rest["next"] is None
    assert set(first["results"][0]) >= {"id", "title", "body", "category", "tags", "language", "audience", "updated_at", "url"}


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("category=billing", {"invoice"}),
        ("audience=internal", {"refund-limits"}),
        ("search=driver", {"driver-gps"}),
        ("tag=konto&language=de", {"kennwort"}),
        ("status=draft", set()),
    ],
)
def test_filters_are_named_like_the_fields(api: Client, library: Library, query: str, slugs: set[str]) -> None:
    make_article("kennwort", "Kennwort", "Text", language="de", keywords=["konto"], index=False)
    assert {one["slug"] for one in api.get(f"/api/v1/articles/?{query}").json()["results"]} == slugs


def test_an_article_is_read_by_id_or_address_with_its_etag(api: Client, library: Library) -> None:
    by_slug, by_id = api.get("/api/v1/articles/invoice/"), api.get(f"/api/v1/articles/{library['invoice'].pk}")
    assert by_slug.json() == by_id.json() and by_slug.json()["category"] == "billing" and by_slug["ETag"]
    for hidden in ("secret-draft", library["secret-draft"].pk, "nothing"):
        answer = api.get(f"/api/v1/articles/{hidden}/")
        assert answer.status_code == 404 and answer["Content-Type"] == "application/problem+json"


def test_a_search_says_what_it_found_how_sure_it_is_and_why(api: Client, library: Library) -> None:
    found = api.get("/api/v1/search/", {"q": "where do I get my invioce as pdf", "limit": 2}).json()
    best = found["results"][0]
    assert best["slug"] == "invoice" and best["why"] and best["url"].startswith("http") and 0 < best["relevance_score"] <= 1
    assert found["band"] == "show" and found["by_meaning"] is True and found["also"] == ["invoice"] and "invoice" in found["notice"]
    assert len(found["results"]) == 2


def test_a_search_without_the_model_says_so(api: Client, library: Library, no_meaning: None) -> None:
    found = api.get("/api/v1/search/", {"q": "invoice"}).json()
    assert found["results"][0]["slug"] == "invoice" and found["by_meaning"] is False and "words only" in found["notice"]


def test_a_search_is_narrowed_inside_the_query(api: Client, library: Library) -> None:
    asked = {"q": "refund password invoice", "audience": "internal", "updated_since": (timezone.now() - timedelta(days=1)).isoformat()}
    assert [one["slug"] for one in api.get("/api/v1/search/", asked).json()["results"]] == ["refund-limits"]


@pytest.mark.parametrize("query", ["", "q=", "q=x&limit=0", "q=x&limit=999", "q=x&unknown=1", "q=x&updated_since=soon", "q=" + "x" * 5000])
def test_an_odd_search_is_told_what_is_odd(api: Client, db: None, query: str) -> None:
    answer = api.get(f"/api/v1/search/?{query}")
    assert answer.status_code == 400 and answer.json()["errors"]


def test_both_need_the_scope(db: None) -> None:
    secret = ApiKey.issue("Poor", scopes=["tickets:read"])[1]
    for path in ("articles/", "articles/x/", "search/?q=x"):
        assert Client(headers={"Authorization": f"Bearer {secret}"}).get(f"/api/v1/{path}").status_code == 403
        assert Client().get(f"/api/v1/{path}").status_code == 401
