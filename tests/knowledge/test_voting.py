"""What readers say of an article."""

from __future__ import annotations

import pytest
from django.test import Client

from helpdesk.core.models import Allowance
from knowledge import voting
from knowledge.models import Article, ArticleVote
from tests.knowledge.conftest import make_article


@pytest.fixture
def article(db: None) -> Article:
    Allowance.objects.all().delete()
    return make_article("gps", "Keep GPS running", "Text", index=False)


def counts(article: Article) -> tuple[int, int]:
    article.refresh_from_db()
    return article.helpful_count, article.not_helpful_count


def test_a_visitor_has_one_vote_and_may_change_it(article: Article) -> None:
    for helpful in (True, True, False):
        voting.vote(article, address="192.0.2.1", agent="Firefox", helpful=helpful)
    voting.vote(article, address="192.0.2.1", agent="Safari", helpful=True)
    assert counts(article) == (1, 1) and ArticleVote.objects.count() == 2


def test_a_reason_can_follow_the_vote_and_stays(article: Article) -> None:
    before = article.updated_at
    visitor = Client()
    page = visitor.post("/help/gps/feedback/", {"helpful": "no"}, follow=True)
    assert "What was missing?" in page.content.decode()
    page = visitor.post("/help/gps/feedback/", {"helpful": "no", "reason": "It says nothing of tablets. " + "x" * 2000}, follow=True)
    assert "We read every one" in page.content.decode()
    vote = ArticleVote.objects.get()
    assert vote.reason.startswith("It says nothing of tablets.") and len(vote.reason) == 1000
    assert counts(article) == (0, 1) and article.updated_at == before


def test_who_voted_cannot_be_read_from_the_vote(article: Article) -> None:
    voting.vote(article, address="192.0.2.1", agent="Firefox", helpful=True)
    assert "192.0.2.1" not in ArticleVote.objects.get().visitor and len(ArticleVote.objects.get().visitor) == 64


def test_one_address_cannot_vote_without_end(article: Article) -> None:
    taken = [voting.vote(article, address="192.0.2.1", agent=f"script {n}", helpful=False) for n in range(voting.MOST_A_DAY + 5)]
    assert taken.count(True) == voting.MOST_A_DAY == counts(article)[1]


def test_nobody_votes_on_what_is_not_public(db: None) -> None:
    make_article("runbook", "Runbook", "Text", audience="internal", index=False)
    assert Client().post("/help/runbook/feedback/", {"helpful": "yes"}).status_code == 404
