"""The public help centre: what anybody may read, and what stays inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from knowledge import rendering
from knowledge.models import Article
from tests.cast import make_category

pytestmark = pytest.mark.django_db

BODY = """Android pauses apps in the background.

## Change the battery setting

1. Open **Settings**.
2. Choose *Unrestricted*.

> Many phones? Set it once for all.

## Check that it works

Lock the phone. <script>alert(1)</script> [click](javascript:alert(1)) ![x](https://evil.example/x.png)
"""


def make_article(slug: str, **fields: object) -> Article:
    values = {"title": slug.replace("-", " ").capitalize(), "body": BODY, "status": "published", "published_at": timezone.now(), **fields}
    return Article.objects.create(slug=slug, category=make_category("driver-app"), **values)


def test_anybody_reads_a_published_public_article() -> None:
    article = make_article("keep-gps-running")
    page = Client().get(article.get_absolute_url())
    assert page.status_code == 200
    html = page.content.decode()
    assert '<h2 id="change-the-battery-setting">' in html
    assert '<ol class="steps">' in html
    assert 'href="#check-that-it-works"' in html


@pytest.mark.parametrize("fields", [{"audience": "internal"}, {"status": "draft"}, {"status": "archived"}, {"status": "review"}])
def test_what_is_internal_or_unpublished_is_absent_for_strangers_and_there_for_agents(fields: dict[str, str], as_maya: Client) -> None:
    article = make_article("runbook", **fields)
    assert Client().get(article.get_absolute_url()).status_code == 404
    assert "runbook" not in Client().get("/help/").content.decode().lower()
    assert "runbook" not in Client().get("/help/search/?topic=driver-app").content.decode().lower()
    assert as_maya.get(article.get_absolute_url()).status_code == 200


def test_markup_in_an_article_is_shown_not_run() -> None:
    html = rendering.render(BODY).html
    assert "<script" not in html
    assert "<img" not in html
    assert 'javascript:alert(1)"' not in html
    assert "&lt;script&gt;" in html


def test_the_start_page_counts_only_public_articles() -> None:
    make_article("one")
    make_article("two", audience="internal")
    html = Client().get("/help/").content.decode()
    assert "1 article" in html
    assert "2 articles" not in html


def test_reserved_words_are_not_articles() -> None:
    make_article("contact")
    assert b"Send us a request" in Client().get("/help/contact/").content


@pytest.mark.parametrize(
    "query", ["gps", "", "' OR 1=1 --", "foo & | bar", "a" * 5000, "word " * 500, "%", "<script>alert(1)</script>", "نورة"]
)
def test_any_words_may_be_searched_for(query: str) -> None:
    make_article("keep-gps-running")
    page = Client().get("/help/search/", {"q": query})
    assert page.status_code == 200
    assert b"<script>alert" not in page.content


def test_words_that_were_searched_for_are_marked_and_escaped() -> None:
    assert rendering.mark("GPS <b> stops", ["gps"]) == "<mark>GPS</mark> &lt;b&gt; stops"
    assert rendering.mark("GPS", ["gps"]).__html__() == "<mark>GPS</mark>"
    assert "<mark>battery</mark>" in rendering.excerpt(BODY, ["battery"])


def test_one_visitor_votes_once() -> None:
    article = make_article("keep-gps-running")
    for _again in range(3):
        assert Client().post(f"/help/{article.slug}/feedback/", {"helpful": "yes"}).status_code == 302
    article.refresh_from_db()
    assert (article.helpful_count, article.not_helpful_count) == (1, 0)


def test_an_article_page_takes_the_same_few_queries_however_many_neighbours(django_assert_max_num_queries: object) -> None:
    article = make_article("first")
    for n in range(30):
        make_article(f"other-{n}")
    with django_assert_max_num_queries(7):  # type: ignore[operator]
        Client().get(article.get_absolute_url())


def test_the_page_says_what_was_searched_besides_and_when_only_words_could_be_compared(
    library: dict[str, Article], no_meaning: None
) -> None:
    page = Client().get("/help/search/?q=my+invioce").content.decode()
    assert "Searched also for “invoice”." in page and "words only" in page and "Download an" in page


def test_articles_that_fit_equally_well_are_all_listed(write: Callable[..., Article]) -> None:
    for number in range(12):
        write(f"invoice-{number}", f"Invoices, part {number}", "Every invoice can be downloaded as a PDF.")
    page = Client().get("/help/search/?q=download+invoices+as+pdf").content.decode()
    assert all(f"/help/invoice-{number}/" in page for number in range(12))
