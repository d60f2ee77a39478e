"""What search promises to whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from helpdesk.core.models import ApiKey, Embedding, User
from knowledge import candidates, cases, indexing
from knowledge import search as search_module
from knowledge.excerpts import best_sentences
from knowledge.fusion import Band
from knowledge.models import Article, SolvedCase
from knowledge.search import find, search

Library = dict[str, Article]


def test_a_question_in_other_words_finds_its_article(library: Library) -> None:
    best = search("I can't get in any more, how do I choose a new secret word?", viewer=None)[0]
    assert best.slug == "reset-password"
    assert best.steps == ["Open Sign in and choose Forgot password.", "Enter your e-mail address.", "Follow the link within 30 minutes."]
    assert best.url == "/help/reset-password/" and best.category == "account_access" and 0 < best.score <= best.relevance <= 1


def test_an_error_code_finds_its_article(library: Library) -> None:
    assert search("E503", viewer=None)[0].slug == "e503"


def test_a_small_talk_opening_shows_nothing(library: Library) -> None:
    assert find("hi", viewer=None).band is Band.NOTHING


@pytest.mark.parametrize("text", ["", "   ", "\x00", "\n\t"])
def test_an_empty_question_finds_nothing(library: Library, text: str) -> None:
    assert search(text, viewer=None) == []


def test_the_public_sees_only_what_is_published_and_public(library: Library, ingrid: Customer) -> None:
    for viewer in (None, AnonymousUser(), ingrid):
        slugs = {hit.slug for hit in search("password refund plans", viewer=viewer, limit=20)}
        assert "reset-password" in slugs and not {"refund-limits", "secret-draft"} & slugs


def test_agents_and_keys_also_find_what_is_internal_but_no_draft(library: Library, maya: User, api_key: str) -> None:
    for viewer in (maya, ApiKey.objects.get()):
        slugs = {hit.slug for hit in search("how much may I refund, and password plans", viewer=viewer, limit=20)}
        assert "refund-limits" in slugs and "secret-draft" not in slugs


def test_a_solved_case_about_an_internal_article_tells_the_public_nothing(library: Library, maya: User) -> None:
    cases.remember([cases.Solved(("ticket", "1"), "my parcel fell into the sea", article=library["refund-limits"])])
    assert "refund-limits" not in {hit.slug for hit in search("my parcel fell into the sea", viewer=None, limit=20)}
    assert search("my parcel fell into the sea", viewer=maya, limit=20)[0].slug == "refund-limits"


def test_one_solved_case_counts_at_the_next_question(library: Library) -> None:
    question = "the lorries dance on the map"
    assert search(question, viewer=None)[0].slug != "invoice"
    cases.remember([cases.Solved(("ticket", "1"), question, article=library["invoice"])])
    best = search(question, viewer=None)[0]
    assert best.slug == "invoice" and best.why == "Solved 1 similar case"


def test_without_the_model_words_still_find_and_it_says_so(library: Library, no_meaning: None) -> None:
    found = find("download the invoice please", viewer=None)
    assert found.hits[0].slug == "invoice"
    assert not found.by_meaning and "words only" in found.notice and found.band is Band.POSSIBLE


def test_the_excerpt_marks_the_words_and_escapes_the_article(write: Callable[..., Article]) -> None:
    write("evil", "Invoice tricks", "An <img src=x onerror=alert(1)> invoice & more \x02words\x03.")
    (hit,) = search("invoice", viewer=None)
    assert "<mark>invoice</mark>" in hit.highlight and "&lt;img" in hit.highlight and "<img" not in hit.highlight
    assert "<img" in hit.excerpt and "\x02" not in hit.excerpt and "“invoice”" in hit.why


def test_the_excerpt_is_the_passage_that_fits(write: Callable[..., Article]) -> None:
    filler = "\n\n".join("Our warehouse module counts parcels and prints labels for every dock. " * 6 for _ in range(5))
    write(
        "long",
        "Warehouse handbook",
        f"{filler}\n\n## Fire drill\n\n{'When the siren sounds, leave by the nearest exit and meet at the oak tree. ' * 3}",
    )
    (hit,) = search("where do we meet when there is a fire?", viewer=None)
    assert "oak tree" in hit.excerpt


@pytest.mark.parametrize(
    ("passage", "shown"),
    [
        (
            "Anyone can do this.\n1. Open the page and choose Forgot \x02password\x03.\n2. Enter your address. Nobody else may.",
            "Anyone can do this. 1. Open the page and choose Forgot \x02password\x03. 2. Enter your address. Nobody else may.",
        ),
        (f"{'Much is said before. ' * 20}Then the \x02tail\x03 tells. It ends.", "Then the \x02tail\x03 tells. It ends."),
        ("", ""),
        ("x" * 1000, f"{'x' * 240}…"),
    ],
)
def test_an_excerpt_is_whole_sentences(passage: str, shown: str) -> None:
    assert best_sentences(passage) == shown


def test_a_long_sentence_is_cut_between_words_before_the_one_that_was_asked_for() -> None:
    found = best_sentences(f"{'word ' * 200}\x02needle\x03 {'more ' * 200}")
    assert found.startswith("… word") and "\x02needle\x03" in found and found.endswith("more…") and len(found) < 260


HOSTILE = [
    "foo & | bar",
    "!!! ((( ))) <-> :*",
    "'; drop table knowledge_article; --",
    "\\' \\\\ %s %(x)s {visible}",
    "a:* | b:A & !c",
    "😀" * 500,
    "\ud800",
    "https://example.com/?a=1&b=2&c=it's",
    "word " * 200_000,
    " ".join(f"w{number}" for number in range(100_000)),
    "<script>alert(1)</script>",
    "ﷺ" * 1000,
    "-" * 10_000,
    "e-mail user@host.example 10.0.0.1 /usr/local/bin",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_text(library: Library, text: str) -> None:
    find(text, viewer=None)


def test_five_statements_find_and_present_whatever_the_number_of_hits(library: Library) -> None:
    search("warm up", viewer=None)
    with CaptureQueriesContext(connection) as queries:
        assert len(search("password invoice driver sync", viewer=None, limit=20)) == 4
    assert len([one for one in queries if "select" in one["sql"].lower()]) == 5


def test_the_walk_through_the_index_finds_what_the_full_comparison_finds(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = ["new secret word", "E503", "where is the lorry", "pdf of the bill"]
    exact = [[(hit.slug, hit.score) for hit in search(question, viewer=None)] for question in questions]
    monkeypatch.setattr(candidates, "EXACT_UP_TO", -1)
    monkeypatch.setattr(candidates, "FEW", -1)
    assert [[(hit.slug, hit.score) for hit in search(question, viewer=None)] for question in questions] == exact


def test_a_german_article_is_found_by_its_own_endings(write: Callable[..., Article], no_meaning: None) -> None:
    write("rechnung", "Rechnungen herunterladen", "Alle Rechnungen liegen als PDF bereit.", language="de", index=False)
    with pytest.raises(Exception, match="away"):
        indexing.index_article(Article.objects.get(slug="rechnung").pk)
    assert search("Rechnung", viewer=None, language="de")[0].slug == "rechnung"


def test_cases_can_be_forgotten(library: Library) -> None:
    cases.remember([cases.Solved(("ticket", "1"), "the lorries dance", opening="lorries", article=library["invoice"])])
    cases.forget(SolvedCase.objects.all())
    assert not Embedding.objects.filter(object_kind__in=["case", "memory"]).exists()


def test_remembering_a_case_again_moves_it(library: Library) -> None:
    from helpdesk.core.models import Embedding

    for slug in ("invoice", "e503"):
        cases.remember([cases.Solved(("ticket", "1"), "the lorries dance", article=library[slug])])
    assert SolvedCase.objects.get().article == library["e503"]
    assert [row.object_id for row in Embedding.objects.filter(object_kind="memory")] == [library["e503"].pk]


def test_words_that_nearly_every_article_says_are_ranked_by_but_not_found_by(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    public = Article.objects.public()
    monkeypatch.setattr(candidates, "_measured", candidates._Size(time.monotonic(), 10**6, ("password", "o'clock")))

    def worded(text: str) -> set[UUID]:
        question = search_module.ask(text, among=public)
        return {one.article_id for one in candidates.candidates(question, among=public) if one.words}

    assert worded("invoice password") == {library["invoice"].pk}
    assert library["reset-password"].pk in worded("password")  # nothing else was asked
