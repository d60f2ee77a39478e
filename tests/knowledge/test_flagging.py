"""A passage that is wrong or old is noted where somebody stumbles over it, and settled by whoever looks after the article."""

from __future__ import annotations

import pytest
from django.test import Client

from assist.models import Suggestion, TriageRun
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Event, User
from knowledge import flagging
from knowledge.models import Article, PassageFlag
from tests.cast import signed_in
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(priya: User) -> Article:
    body = "1. Open **Reports**.\n2. Press *Export* and\n   choose CSV."
    return Article.objects.create(slug="export", title="Export a report", body=body, status="published", audience="public", owner=priya)


def test_an_agent_notes_a_passage_and_the_owner_settles_it(article: Article, priya: User, as_maya: Client) -> None:
    page = as_maya.get("/knowledge/flag/?article=export&passage=Press Export and choose CSV.").content.decode()
    assert "Press Export and choose CSV." in page
    assert priya.name in page
    form = {
        "article": str(article.pk),
        "passage": "Press Export and choose CSV.",
        "kind": "outdated",
        "note": "It is called Download <now>.",
    }
    assert as_maya.post("/knowledge/flag/", form)["Location"] == article.get_absolute_url()
    as_maya.post("/knowledge/flag/", form)  # pressed twice
    flagged = PassageFlag.objects.get()
    assert Event.objects.get(kind="article.flagged").subject_id == str(article.pk)
    owner = signed_in(priya)
    for path in (f"/knowledge/{article.pk}/edit/", "/knowledge/gaps/"):
        assert "Export a report" in owner.get(path).content.decode()
    editor = owner.get(f"/knowledge/{article.pk}/edit/").content.decode()
    assert "Press Export and choose CSV." in editor
    assert "It is called Download &lt;now&gt;." in editor
    owner.post(f"/knowledge/flags/{flagged.pk}/settle/", {"outcome": "fixed"})
    flagged.refresh_from_db()
    assert (flagged.outcome, flagged.resolved_by) == ("fixed", priya)
    assert "It is called Download" not in owner.get(f"/knowledge/{article.pk}/edit/").content.decode()
    with pytest.raises(Conflict):
        flagging.settle(flagged, by=priya, outcome="kept")


def test_it_stands_in_the_list_of_the_owner_and_of_those_who_write_for_nobody_s(article: Article, priya: User, maya: User) -> None:
    flagging.flag(article, by=maya, kind="wrong", note="No.")
    flagging.flag(article, by=maya, kind="unclear", passage="Open Reports.")
    [listed] = flagging.to_improve(priya)
    assert (listed, listed.flagged) == (article, 2)  # type: ignore[attr-defined]
    assert list(flagging.to_improve(maya)) == []
    Article.objects.update(owner=None)
    assert list(flagging.to_improve(maya)) == [article]
    Article.objects.update(status="archived")
    assert list(flagging.to_improve()) == []


def test_whether_the_words_still_stand_there_is_told_through_marks_and_line_breaks(article: Article) -> None:
    assert flagging.stands("Press Export and choose CSV.", article.body)
    assert not flagging.stands("Press Export and choose PDF.", article.body)
    assert not flagging.stands("", article.body)


def test_what_says_nothing_is_refused(article: Article, maya: User, as_maya: Client) -> None:
    with pytest.raises(Invalid):
        flagging.flag(article, by=maya, kind="wrong")
    with pytest.raises(Invalid):
        flagging.flag(article, by=maya, kind="ugly", note="x")
    assert as_maya.post("/knowledge/flag/", {"article": "export", "kind": "wrong"}).status_code == 422
    assert as_maya.get("/knowledge/flag/?article=no-such").status_code == 404


def test_the_panel_leads_there_with_the_passage(article: Article, ticket: Ticket, as_maya: Client) -> None:
    TriageRun.objects.create(ticket=ticket, message=ticket.messages.get(), result={"analysis": {}})
    shown = {"source_kind": "article", "source_id": "export", "source_url": "/help/export/", "confidence_score": 0.9}
    Suggestion.objects.create(ticket=ticket, suggestion_type="article", title="Export a report", content="Press Export", **shown)
    assert "/knowledge/flag/?article=export&amp;passage=Press%20Export" in as_maya.get(f"/assist/tickets/{ticket.pk}/").content.decode()
