"""The help centre for readers, search engines and those who look after it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from helpdesk.core.errors import Conflict
from helpdesk.core.models import User
from knowledge import editing, improving, search_log, suggesting
from knowledge.models import Article, SearchLog, SolvedCase
from tests.cast import signed_in
from tickets.models import Queue, Ticket

from .conftest import make_article

pytestmark = pytest.mark.django_db


@pytest.fixture
def gate(db: None) -> Article:
    return make_article("open-the-gate", "How do I open the gate?", "Press the green button beside the gate. It opens within ten seconds.")


def page(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


# -- searching


def test_a_search_is_written_down_without_whoever_made_it(gate: Article) -> None:
    page(Client(), "/help/search/?q=Gate of  anna@x.example 4512 3456 7890")
    row = SearchLog.objects.get()
    assert (row.query, row.place) == ("gate of @ #", "help")


def test_opening_a_result_is_noted_and_counted_as_a_read(gate: Article) -> None:
    shown = page(Client(), "/help/search/?q=open the gate")
    link = re.search(r"/help/open-the-gate/\?s=[0-9a-f-]+", shown)
    assert link
    page(Client(), link[0])
    assert SearchLog.objects.get().clicked == gate
    gate.refresh_from_db()
    assert gate.reads == 1
    assert search_log.leading_to(gate) == [("open the gate", 1)]


def test_colleagues_who_try_things_out_leave_no_trace(gate: Article, maya: User) -> None:
    page(signed_in(maya), "/help/search/?q=gate")
    page(signed_in(maya), gate.get_absolute_url())
    gate.refresh_from_db()
    assert not SearchLog.objects.exists() and gate.reads == 0


def test_old_searches_are_forgotten(gate: Article) -> None:
    search_log.note("gate", language="en", place="help", results=1, confidence=0.9)
    SearchLog.objects.update(created_at=timezone.now() - timedelta(days=91))
    search_log.forget_old()
    assert not SearchLog.objects.exists()


def test_readers_see_their_own_language_first_and_can_change_it(gate: Article, maya: User) -> None:
    tor = editing.translate(gate, language="de", by=maya)
    Article.objects.filter(pk=tor.pk).update(title="Wie öffne ich das Gate?", status="published", published_at=timezone.now())
    from knowledge import indexing

    indexing.index_articles([Article.objects.get(pk=tor.pk)])
    german = page(Client(), "/help/search/?q=gate", **{"Accept-Language": "de-DE,de;q=0.9"})
    assert german.index("Wie öffne ich") < german.index("How do I open")
    english = page(Client(), "/help/search/?q=gate&lang=en", **{"Accept-Language": "de"})
    assert english.index("How do I open") < english.index("Wie öffne ich")


def test_a_short_answer_stands_above_only_when_it_is_likely_enough(gate: Article) -> None:
    assert "Short answer" in page(Client(), "/help/search/?q=how do I open the gate")
    assert "Short answer" not in page(Client(), "/help/search/?q=quantum chromodynamics of hadrons")


def test_what_a_search_did_is_no_announcement_above_the_page(gate: Article) -> None:
    shown = page(Client(), "/help/search/?q=green buttn")
    assert "Searched also for" in shown and 'class="notice"' not in shown


def test_an_internal_article_is_never_the_short_answer(gate: Article) -> None:
    Article.objects.update(audience="internal")
    shown = page(Client(), "/help/search/?q=how do I open the gate")
    assert "Short answer" not in shown and "green button" not in shown and "We saw your search" in shown


def test_articles_are_suggested_while_somebody_types(gate: Article) -> None:
    part = page(Client(), "/help/suggestions/?q=open gate")
    assert "How do I open the gate?" in part and "<html" not in part
    assert page(Client(), "/help/suggestions/?q=a").strip() == ""


@pytest.mark.parametrize(
    "text", ["word " * 10_000, "' OR 1=1 --", "a & | ! ( ) :*", "<script>alert(1)</script>", "日本語 العربية", "\x00", "%"]
)
def test_any_text_can_be_searched_for(text: str, gate: Article) -> None:
    for path in ("/help/search/", "/help/suggestions/"):
        answer = Client().get(path, {"q": text})
        assert answer.status_code in (200, 400) and b"<script>alert" not in answer.content


# -- for search engines


def test_an_article_describes_itself_and_cannot_be_broken_out_of(gate: Article) -> None:
    Article.objects.update(title="</script><script>alert(1)</script>")
    shown = page(Client(), gate.get_absolute_url())
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', shown, re.DOTALL)
    assert block
    data = json.loads(block[1])
    assert data["@graph"][0]["headline"].startswith("</script>")
    assert "<script>alert(1)" not in shown


def test_the_sitemap_names_public_articles_and_their_languages(gate: Article, maya: User) -> None:
    make_article("internal", "Internal", "Words", audience="internal")
    tor = editing.translate(gate, language="de", by=maya)
    Article.objects.filter(pk=tor.pk).update(status="published")
    answer = Client().get("/sitemap.xml")
    assert answer["Content-Type"].startswith("application/xml")
    shown = answer.content.decode()
    assert "/help/open-the-gate/" in shown and 'hreflang="de"' in shown and "/help/internal/" not in shown
    assert "Sitemap:" in page(Client(), "/robots.txt")


def test_an_unchanged_article_is_not_sent_again(gate: Article) -> None:
    first = Client().get(gate.get_absolute_url())
    assert Client().get(gate.get_absolute_url(), headers={"If-None-Match": first["ETag"]}).status_code == 304
    Article.objects.update(title="Another", updated_at=timezone.now())
    assert Client().get(gate.get_absolute_url(), headers={"If-None-Match": first["ETag"]}).status_code == 200


# -- before a request is sent

REQUEST = {"subject": "How do I open the gate?", "body": "I stand before the gate and cannot open it.", "email": "anna@x.example"}


def test_an_answer_is_offered_before_a_request_is_sent(gate: Article, support: Queue, clean_cache: Any) -> None:
    shown = Client().post("/help/contact/", REQUEST).content.decode()
    assert "These may answer it" in shown and "green button" in shown
    assert not Ticket.objects.exists()


def test_it_is_sent_all_the_same_when_nothing_helped(gate: Article, support: Queue, clean_cache: Any) -> None:
    answer = Client().post("/help/contact/", {**REQUEST, "then": "send"})
    assert answer.status_code == 302 and Ticket.objects.count() == 1


def test_what_was_solved_is_counted_and_not_sent(gate: Article, support: Queue, clean_cache: Any) -> None:
    Client().post("/help/contact/", REQUEST)
    seen = SearchLog.objects.get()
    page_ = Client().post("/help/contact/", {**REQUEST, "then": "solved", "seen": str(seen.pk)}).content.decode()
    seen.refresh_from_db()
    assert "Nothing was sent" in page_ and seen.deflected and not Ticket.objects.exists()


def test_a_request_that_nothing_answers_goes_straight_through(gate: Article, support: Queue, clean_cache: Any) -> None:
    odd = {"subject": "Invoice INV-3", "body": "My invoice for October shows the wrong tax number.", "email": "anna@x.example"}
    assert Client().post("/help/contact/", odd).status_code == 302
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("seen", ["", "nonsense", "5b0e2f3a-7f2e-4c1e-9a63-2c7e9b1d4f10"])
def test_a_made_up_mark_changes_nothing(seen: str, support: Queue, clean_cache: Any) -> None:
    assert Client().post("/help/contact/", {**REQUEST, "then": "solved", "seen": seen}).status_code == 200


# -- for those who write


def test_gaps_and_searches_show_what_was_looked_for_in_vain(gate: Article, maya: User) -> None:
    for _n in range(3):
        search_log.note("forklift battery", language="en", place="help", results=0, confidence=0.1)
    search_log.note("gate", language="en", place="help", results=2, confidence=0.9)
    client = signed_in(maya)
    missing = page(client, "/knowledge/gaps/")
    assert "forklift battery" in missing and "?title=forklift%20battery" in missing
    every = page(client, "/knowledge/searches/")
    assert "forklift battery" in every and ">gate<" in every
    assert ">gate<" not in page(client, "/knowledge/searches/?only=missing")


def test_what_colleagues_look_for_in_vain_is_a_gap_too(gate: Article, maya: User) -> None:
    client = signed_in(maya)
    page(client, "/knowledge/?q=winch+rope")
    page(client, "/knowledge/?q=winch+rope&status=draft")
    assert list(SearchLog.objects.values_list("query", "place", "results")) == [("winch rope", "console", 0)]
    assert "winch rope" in page(client, "/knowledge/gaps/")


def test_lists_cost_the_same_however_many_searches(maya: User, django_assert_max_num_queries: Any) -> None:
    for n in range(40):
        search_log.note(f"query {n}", language="en", place="help", results=0, confidence=0)
    client = signed_in(maya)
    with django_assert_max_num_queries(8):
        page(client, "/knowledge/searches/")
    with django_assert_max_num_queries(10):
        page(client, "/knowledge/gaps/")


def test_an_article_begins_in_another_language_once(gate: Article, maya: User) -> None:
    client = signed_in(maya)
    client.post(f"/knowledge/{gate.pk}/translate/", {"language": "de"})
    tor = Article.objects.get(language="de")
    assert (tor.translation_of, tor.status, tor.category) == (gate, "draft", gate.category)
    with pytest.raises(Conflict):
        editing.translate(tor, language="de", by=maya)
    assert editing.translate(tor, language="fr", by=maya).translation_of == gate, "all stand beside the original"


def test_what_assist_may_not_use_it_does_not_find(gate: Article) -> None:
    from knowledge.search import FOR_ASSIST, search

    Article.objects.update(assist_may_use=False)
    assert search("open the gate", viewer=None)
    assert not search("open the gate", viewer=None, narrowing=FOR_ASSIST)


def test_words_that_customers_use_and_the_article_lacks_are_proposed(gate: Article) -> None:
    for n in range(4):
        SolvedCase.objects.create(source_kind="import", source_id=str(n), text="The barrier stays down, press does nothing", article=gate)
    found = improving.words_missing(gate)
    assert found is not None and "barrier" in found.words and "press" not in found.words


def test_languages_of_readers_are_those_of_public_articles(gate: Article, maya: User) -> None:
    editing.translate(gate, language="de", by=maya)  # a draft
    assert suggesting.languages_of_readers() == ["en"]


def test_an_owner_is_told_once_that_an_article_is_due(gate: Article, maya: User, settings: Any) -> None:
    from django.core import mail

    from knowledge import reminding

    settings.EMAIL_URL, settings.EMAIL_BACKEND = "smtp://127.0.0.1:1", "django.core.mail.backends.locmem.EmailBackend"
    Article.objects.update(owner=maya, review_due=timezone.localdate())
    assert (reminding.remind(), reminding.remind()) == (1, 0)
    assert gate.title in mail.outbox[0].body and mail.outbox[0].to == [maya.email]
    Article.objects.update(review_due=timezone.localdate() - timedelta(days=1))
    assert reminding.remind() == 1, "another date is told anew"
