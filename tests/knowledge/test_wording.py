"""Slips of the pen and the company's own words."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from helpdesk.core.models import User
from knowledge import spelling, wording
from knowledge.models import Article, SynonymGroup, Word
from knowledge.search import find, search
from tests.knowledge.conftest import make_article

Library = dict[str, Article]


def group(*terms: str, one_way: bool = False) -> SynonymGroup:
    found = SynonymGroup(terms=list(terms), one_way=one_way)
    found.full_clean()
    found.save()
    return found


@pytest.mark.parametrize(
    ("one", "two", "slips"),
    [
        ("invoice", "invoice", 0),
        ("invioce", "invoice", 1),
        ("invoce", "invoice", 1),
        ("password", "pasword", 1),
        ("abc", "", 3),
        ("ab", "cd", 2),
    ],
)
def test_slips_are_counted(one: str, two: str, slips: int) -> None:
    assert spelling.distance(one, two) == spelling.distance(two, one) == slips


@pytest.mark.parametrize("written", ["invioce", "invoce", "invoicee", "inboice", "Invoixe"])
def test_a_slip_still_finds_by_words_alone_and_says_so(library: Library, no_meaning: None, written: str) -> None:
    found = find(f"my {written}", viewer=None)
    assert found.hits[0].slug == "invoice" and "<mark>" in found.hits[0].highlight
    assert found.also == ("invoice",) and "Searched also for “invoice”." in found.notice


def test_a_word_that_articles_hold_is_never_corrected(library: Library) -> None:
    make_article("inboice", "The inboice protocol", "An inboice is no invoice.")
    assert find("my inboice", viewer=None).also == ()


def test_nobody_learns_a_word_from_articles_that_he_may_not_see(library: Library, maya: User) -> None:
    make_article("falcon", "Project nightfalcon", "All about nightfalcon.", audience="internal")
    assert find("what is nightfalcom", viewer=None).also == ()
    assert find("what is nightfalcom", viewer=maya).also == ("nightfalcon",)


@pytest.mark.parametrize("text", ["zzzzqqqq", "jhgd123", "a" * 500, "ﷺ" * 50, "1234567", "'; drop --", "the and of"])
def test_what_is_like_no_word_is_left_alone(library: Library, text: str) -> None:
    assert find(text, viewer=None).also == ()


def test_words_that_no_article_says_any_more_are_forgotten(library: Library) -> None:
    Article.objects.filter(slug="invoice").delete()
    spelling.refresh()
    assert not Word.objects.filter(word="invoice").exists() and Word.objects.filter(word="password").exists()


def test_indexing_again_learns_nothing_twice(library: Library) -> None:
    before = Word.objects.count()
    spelling.learn(Article.objects.all())
    assert Word.objects.count() == before > 20


def test_a_synonym_finds_from_the_next_search_on(library: Library, no_meaning: None) -> None:
    assert search("where is my chit", viewer=None) == []
    group("chit", "Invoice")
    found = find("Where is my CHIT?", viewer=None)
    assert found.hits[0].slug == "invoice" and found.also == ("invoice",) and "“invoice”" in found.notice


def test_a_synonym_changes_what_is_meant(library: Library) -> None:
    before = {hit.slug: hit.score for hit in search("the zorblax is gone", viewer=None, limit=9)}
    group("zorblax", "forgot password")
    found = find("the zorblax is gone", viewer=None, limit=9)
    assert found.hits[0].slug == "reset-password" and found.hits[0].score > before["reset-password"]


def test_terms_of_several_words_and_one_way_groups(library: Library) -> None:
    group("secret word", "password", one_way=True)
    assert find("my secret word!", viewer=None).also == ("password",)
    assert find("my password", viewer=None).also == ()
    assert find("my secret and a word", viewer=None).also == ()


def test_a_group_is_cleaned_and_must_say_something() -> None:
    kept = SynonymGroup(terms=["  Two-Factor   Authentication", "2FA", "2fa", ""])
    kept.clean()
    assert kept.terms == ["two-factor authentication", "2fa"] and str(kept) == "two-factor authentication = 2fa"
    with pytest.raises(ValidationError):
        SynonymGroup(terms=["same", "Same "]).clean()


def test_spoken_words_know_the_synonyms_without_asking_for_them_each_time(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    group("bill", "invoice")
    group("chit", "invoice", "receipt", one_way=True)
    monkeypatch.setattr(wording, "_remembered", (-wording.AFRESH, {}))
    terms = wording._terms("the chit and the bill")
    assert find("the chit and the bill", viewer=None, as_spelt=True).also == find("the chit and the bill", viewer=None).also
    monkeypatch.setattr(wording, "AFRESH", 600.0)
    wording.forget_synonyms()
    assert len(list(wording._remembered_of(terms))) == 2
    group("bill", "account")
    assert len(list(wording._remembered_of(terms))) == 2
    wording.forget_synonyms()
    assert len(list(wording._remembered_of(terms))) == 3
