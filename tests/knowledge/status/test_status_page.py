"""The public status page: for everybody, without a credential."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

from helpdesk.core.models import User
from knowledge.models import Component, Incident
from knowledge.status import incidents, pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def trouble(clean_cache: Any, priya: User) -> Incident:
    sync = Component.objects.create(slug="order-sync", name="Order Sync API")
    incident = incidents.open_incident(title="Order sync <b>slow</b>", impact="outage", components=[sync], by=priya)
    incidents.tell(incident, text="A node has failed.\nWe look into it.", status="identified", by=priya)
    return incident


def test_everybody_sees_what_is_going_on(trouble: Incident) -> None:
    answer = Client().get("/status/")
    page = answer.content.decode()
    assert answer["Cache-Control"] == "public, max-age=30"
    assert "Some things do not work" in page
    assert "Order sync &lt;b&gt;slow&lt;/b&gt;" in page
    assert "A node has failed." in page
    assert "Priya" not in page


def test_a_change_is_seen_at_once_although_the_page_is_kept(
    trouble: Incident, priya: User, django_capture_on_commit_callbacks: Any
) -> None:
    Client().get("/status/")
    with django_capture_on_commit_callbacks(execute=True):
        incidents.resolve(trouble, by=priya, text="All is well again.")
    page = Client().get("/status/").content.decode()
    assert "Everything works" in page
    assert "All is well again." in page


def test_the_second_visitor_costs_no_query(trouble: Incident, django_assert_num_queries: Any) -> None:
    Client().get("/status/")
    with django_assert_num_queries(0):
        Client().get("/status/")


def test_without_redis_the_page_is_read_from_the_database(trouble: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise RedisAway("away")

    monkeypatch.setattr(pages.cache, "get", away)
    monkeypatch.setattr(pages.cache, "set", away)
    assert "A node has failed." in Client().get("/status/").content.decode()


def test_what_is_not_public_is_nowhere(trouble: Incident, priya: User) -> None:
    incidents.change(trouble, by=priya, is_public=False)
    for path in ("/status/", "/status/history/", "/status/status.json", "/status/feed.atom", "/status/feed.rss"):
        answer = Client().get(path)
        assert answer.status_code == 200, path
        assert "node has failed" not in answer.content.decode(), path
    assert Client().get("/status/incidents/INC-1/").status_code == 404
    assert Client().get("/status/status.json").json()["overall"] == "operational"


def test_history_feed_and_json_tell_the_same(trouble: Incident) -> None:
    assert "A node has failed." in Client().get("/status/history/?page=x").content.decode()
    assert Client().get("/status/incidents/inc-1/").status_code == 200
    told = Client().get("/status/status.json").json()
    assert (told["overall"], told["incidents"][0]["updates"][0]["status"]) == ("outage", "identified")
    atom = ElementTree.fromstring(Client().get("/status/feed.atom").content)  # noqa: S314 - our own page
    assert atom.find("{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}summary").text.startswith("A node")  # type: ignore[union-attr]
    rss = ElementTree.fromstring(Client().get("/status/feed.rss").content)  # noqa: S314 - our own page
    assert rss.find("channel/item/title").text == "Order sync <b>slow</b> (Identified)"  # type: ignore[union-attr]


def test_the_help_centre_leads_to_the_status_page_once_there_are_components(trouble: Incident, clean_cache: Any) -> None:
    assert Client().get("/help/").content.decode().count('href="/status/"') == 2
    Component.objects.all().delete()
    pages.cache.clear()
    assert 'href="/status/"' not in Client().get("/help/").content.decode()
